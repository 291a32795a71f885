"""Redirects are followed by hand: every hop is checked like the first request."""

import pytest

from imageid_daemon.config import OriginSettings
from imageid_daemon.origins.redirects import next_target
from imageid_daemon.origins.target import target
from imageid_loaders.errors import NotAllowed, Unavailable
from transport.raw_server import reply


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed(server, way, status):
    url = server.on("/old", reply(status=status, Location="/new?a=%2f&b"))
    server.on("/new", reply(b"image"))

    assert await way().read(url) == b"image"
    assert server.received[1].request_target == "/new?a=%2f&b"


async def test_the_hop_is_checked_against_the_allow_list(server, other, way):
    url = server.on("/", reply(status=302, Location=other.url("/")))

    with pytest.raises(NotAllowed):
        await way(allow=(f"127.0.0.1:{server.port}",)).read(url)

    assert other.connections == 0


async def test_an_endless_chain_is_given_up_after_five_hops(server, way):
    url = server.on("/", reply(status=302, Location="/"))

    with pytest.raises(Unavailable, match="more than 5"):
        await way().read(url)

    assert len(server.received) == 6


async def test_a_chain_needs_no_second_connection_slot(server, way):
    url = server.on("/dicom-web/a", reply(status=302, Location="/dicom-web/b"))
    server.on("/dicom-web/b", reply(b"image"))
    pacs = OriginSettings("pacs", server.url("/dicom-web"), connections=1)

    assert await way(pacs).read(url) == b"image"


async def test_credentials_do_not_follow_to_another_server(server, other, way):
    url = server.on("/dicom-web/x", reply(status=302, Location=other.url("/x")))
    pacs = OriginSettings("pacs", server.url("/dicom-web"), token_env="TOKEN")

    await way(pacs, environ={"TOKEN": "secret"}).read(url)

    assert server.received[0].fields["authorization"] == "Bearer secret"
    assert "authorization" not in other.received[0].fields


async def test_credentials_do_not_follow_out_of_the_origins_path(server, way):
    url = server.on("/dicom-web/x", reply(status=302, Location="/elsewhere"))
    pacs = OriginSettings("pacs", server.url("/dicom-web"), token_env="TOKEN")

    await way(pacs, environ={"TOKEN": "secret"}).read(url)

    assert "authorization" not in server.received[1].fields


async def test_the_next_origin_gets_its_own_credentials(server, other, way):
    url = server.on("/", reply(status=302, Location=other.url("/dicom-web/x")))
    pacs = OriginSettings("pacs", other.url("/dicom-web"), token_env="TOKEN")

    await way(pacs, environ={"TOKEN": "secret"}).read(url)

    assert other.received[0].fields["authorization"] == "Bearer secret"


async def test_a_loaders_own_secret_stays_with_the_first_server(server, other, way):
    url = server.on("/", reply(status=302, Location=other.url("/")))

    await way().read(url, Authorization="Bearer own", Accept="image/png")

    assert "authorization" not in other.received[0].fields
    assert other.received[0].fields["accept"] == "image/png"


def test_a_redirect_from_https_to_http_is_refused():
    with pytest.raises(NotAllowed, match="https to http"):
        next_target(target("https://pacs/"), 302, {"location": "http://pacs/"})


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://x/", "http://u:p@x/"])
def test_a_redirect_to_anything_but_plain_http_is_refused(location):
    with pytest.raises(NotAllowed):
        next_target(target("http://pacs/"), 302, {"location": location})


@pytest.mark.parametrize("status", [200, 300, 304, 404])
def test_a_location_is_followed_in_redirects_alone(status):
    assert next_target(target("http://pacs/"), status, {"location": "/x"}) is None
