"""What goes over the wire, byte for byte."""

import asyncio

import pytest

from imageid_daemon.config import Network, OriginSettings
from imageid_loaders.errors import InvalidImageId, NotAllowed
from transport.raw_server import reply


@pytest.mark.parametrize(
    "written",
    [
        "/wado?requestType=WADO&contentType=application/dicom&objectUID=1.2",
        "/wado?a=%2f&b=%2F&c=a+b&d=~!$'()*,;:@|^`{}[]\"<>&&e",
        "/wado?contentType=application%2Fdicom",
        "/a//b/%7E/./c;x=1?",
        "/wado?next=https://other/path?x=y",
    ],
)
async def test_path_and_query_arrive_exactly_as_written(server, way, written):
    server.on(written.partition("?")[0], reply(b"image"))

    await way().read(server.url(written))

    assert server.received[0].request_target == written


async def test_only_what_http_cannot_carry_is_percent_encoded(server, way):
    await way().read(server.url("/wado?name=Müller, Hans"))

    assert server.received[0].request_target == "/wado?name=M%C3%BCller,%20Hans"


async def test_a_query_without_a_path_is_asked_of_the_root(server, way):
    await way().read(server.url("?objectUID=1#frame"))

    assert server.received[0].request_target == "/?objectUID=1"


async def test_the_host_field_names_the_host_and_not_the_address(server, way):
    await way(allow=("localhost:*",)).read(server.url("/", host="localhost"))

    assert server.received[0].fields["host"] == f"localhost:{server.port}"


async def test_no_compression_is_asked_for(server, way):
    await way().read(server.url("/"))

    assert server.received[0].fields["accept-encoding"] == "identity"


async def test_a_loader_may_ask_for_compression(server, way):
    await way().read(server.url("/"), Accept_Encoding="gzip")

    assert server.received[0].fields["accept-encoding"] == "gzip"


async def test_the_loaders_own_fields_are_sent(server, way):
    await way().read(server.url("/"), Accept="*/*", If_None_Match='"1"')

    fields = server.received[0].fields
    assert (fields["accept"], fields["if-none-match"]) == ("*/*", '"1"')


async def test_the_daemon_says_who_it_is(server, way):
    await way().read(server.url("/"))

    assert server.received[0].fields["user-agent"].startswith("imageid/")


async def test_no_cookie_is_ever_sent_back(server, way):
    server.on("/", reply(set_cookie="session=1"))
    browser = way()

    await browser.read(server.url("/"))
    await browser.read(server.url("/"))

    assert "cookie" not in server.received[1].fields


async def test_a_connection_is_used_again(server, way):
    client = way()

    await client.read(server.url("/"))
    await client.read(server.url("/"))

    assert server.connections == 1


@pytest.mark.parametrize("unread", [reply(status=304), reply(b"no such image", status=404)])
async def test_a_connection_is_used_again_where_nobody_wanted_the_short_body(server, way, unread):
    url, client = server.on("/", unread), way()

    for _ in range(2):
        async with client.get(url):
            pass

    assert server.connections == 1


async def test_leaving_a_short_body_that_never_comes_is_no_error(server, way):
    url = server.on("/", reply(status=404, content_length="9", then="silence"))

    async with way().get(url) as response:
        assert response.status == 404


async def test_a_header_that_would_smuggle_another_is_refused(server, way):
    with pytest.raises(InvalidImageId, match="cannot be written"):
        await way().read(server.url("/"), Accept="*/*\r\nX-Evil: 1")

    assert not server.received


async def test_the_response_has_lower_case_names_and_joins_repeated_fields(server, way):
    server.on("/", reply(b"image", Content_Type="image/jpeg", Vary="Accept", vary="Origin"))

    async with way().get(server.url("/")) as response:
        headers = response.headers

    assert headers["content-type"] == "image/jpeg"
    assert headers["vary"] == "Accept, Origin"


@pytest.mark.parametrize("status", [206, 304, 401, 404, 500])
async def test_a_final_status_is_the_loaders_business(server, way, status):
    url = server.on("/", reply(status=status))

    async with way().get(url) as response:
        assert response.status == status

    assert len(server.received) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/\r\nX: 1",
        "http://127.0.0.1\\@evil/",
        "http://user:secret@127.0.0.1/",
        "http://127.0.0.1:99999/",
        "http:///path",
        "ftp://127.0.0.1/",
        "http://127.0.0.1:0/",
        "http://[fe80::1%25eth0]/",
        "http://ex ample/",
    ],
)
async def test_a_url_that_could_be_read_in_two_ways_is_refused(way, url):
    with pytest.raises(InvalidImageId) as caught:
        await way(allow=("any",)).read(url)

    assert "secret" not in caught.value.message


async def test_requests_are_counted_by_scheme_and_class_of_code(server, way):
    client = way()
    server.on("/there", reply())

    await client.read(server.url("/there"))
    await client.read(server.url("/gone"))

    assert client.counts.codes == {("wadors", "2xx"): 1, ("wadors", "4xx"): 1}


async def test_new_settings_hold_for_new_requests_and_leave_running_ones_alone(server, way):
    gate = asyncio.Event()
    url = server.on("/", reply(b"image", gate=gate))
    client = way()

    async with client.get(url) as response:
        client.origins.replace(network=Network(), origins={}, environ={}, max_image_bytes=2**20)
        gate.set()
        running = b"".join([chunk async for chunk in response.chunks])

    assert running == b"image"
    with pytest.raises(NotAllowed):
        await client.read(url)


async def test_an_origins_address_needs_no_entry_in_the_allow_list(server, way):
    url = server.on("/dicom-web/x", reply(b"image"))

    body = await way(OriginSettings("pacs", server.url("/dicom-web")), allow=()).read(url)

    assert body == b"image"


async def test_what_was_said_of_an_origin_is_forgotten_with_its_settings(way):
    url = "http://127.0.0.1:1/dicom-web/x"
    origin = OriginSettings(name="pacs", url="http://127.0.0.1:1/dicom-web", immutable=True)
    client = way()
    assert not client.origins.is_immutable(url)

    client.replace(origin)

    assert client.origins.is_immutable(url)
