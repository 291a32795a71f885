"""A proxy on the way to one origin."""

import ssl
from pathlib import Path

import pytest

from imageid_daemon.config import OriginSettings
from imageid_loaders.errors import NotAllowed, Unavailable
from transport.raw_server import reply, running
from transport.tunnel import tunnel

SERVER = Path(__file__).parent / "localhost.pem"


@pytest.fixture
async def proxy():
    """A proxy that forwards plain requests, by answering them itself."""
    async with running() as raw:
        yield raw


async def test_a_plain_request_goes_to_the_proxy_with_its_whole_url(proxy, way):
    url = "http://pacs.invalid/dicom-web/x?a=b%20c"
    proxy.on("http://pacs.invalid/dicom-web/x", reply(b"image"))
    pacs = OriginSettings("pacs", "http://pacs.invalid/dicom-web", proxy=proxy.url(""))

    assert await way(pacs, allow=()).read(url) == b"image"

    [asked] = proxy.received
    assert asked.request_target == url
    assert asked.fields["host"] == "pacs.invalid"


async def test_https_goes_through_a_tunnel_and_checks_the_origins_certificate(way):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(SERVER)
    async with running(tls) as raw, tunnel() as proxy:
        raw.on("/", reply(b"image", then="close", connection="close"))
        url = raw.url("/", host="localhost")
        pacs = OriginSettings("pacs", url, ca_file=SERVER, proxy=proxy.url)

        assert await way(pacs, allow=()).read(url) == b"image"

        assert proxy.asked == [f"CONNECT localhost:{raw.port}"]


async def test_a_proxy_that_refuses_is_named(way):
    async with tunnel() as proxy:
        proxy.status = 403
        pacs = OriginSettings("pacs", "https://pacs.invalid", proxy=proxy.url)

        with pytest.raises(Unavailable, match=r"no tunnel to pacs.invalid:443 .*403"):
            await way(pacs).read("https://pacs.invalid/x")


async def test_a_proxy_that_is_not_there_is_named(unused_tcp_port, way):
    gone = f"http://127.0.0.1:{unused_tcp_port}"
    pacs = OriginSettings("pacs", "http://pacs.invalid", proxy=gone, retries=0)

    with pytest.raises(Unavailable, match="or the proxy before it"):
        await way(pacs).read("http://pacs.invalid/x")


async def test_other_servers_are_asked_directly(proxy, server, way):
    url = server.on("/", reply(b"image"))
    pacs = OriginSettings("pacs", "http://pacs.invalid", proxy=proxy.url(""))

    assert await way(pacs).read(url) == b"image"
    assert not proxy.received


async def test_the_environments_proxies_are_not_used(proxy, server, way, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url(""))
    url = server.on("/", reply(b"image"))

    assert await way().read(url) == b"image"
    assert not proxy.received


async def test_no_image_can_be_loaded_from_a_proxy(proxy, way):
    pacs = OriginSettings("pacs", "http://pacs.invalid", proxy=proxy.url(""))

    with pytest.raises(NotAllowed):
        await way(pacs, allow=()).read(proxy.url("/x"))
