"""https: certificates are checked against the name in the URL."""

import ssl
from pathlib import Path

import pytest

from imageid_daemon.config import OriginSettings
from imageid_loaders.errors import NotAllowed, Unavailable
from transport.raw_server import reply, running

# Self-signed, for the name localhost; the key is of no use for anything else.
CERTIFICATE = Path(__file__).parent / "localhost.pem"


@pytest.fixture
async def secure():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATE)
    async with running(tls) as raw:
        yield raw


def trusting_the_test_certificate() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=CERTIFICATE)


async def test_a_trusted_certificate_for_the_name_is_accepted(secure, way):
    secure.on("/", reply(b"image"))
    client = way(allow=("localhost:*",), ssl_context=trusting_the_test_certificate)

    assert await client.read(secure.url("/", host="localhost")) == b"image"


async def test_a_certificate_for_another_name_is_refused(secure, way):
    client = way(allow=("127.0.0.1:*",), ssl_context=trusting_the_test_certificate)

    with pytest.raises(Unavailable, match="TLS"):
        await client.read(secure.url("/", host="127.0.0.1"))

    assert client.counts.codes == {("wadors", "error"): 1}


async def test_a_certificate_that_the_system_does_not_trust_is_refused(secure, way):
    client = way(allow=("localhost:*",))

    with pytest.raises(Unavailable, match="certificate"):
        await client.read(secure.url("/", host="localhost"))

    assert not secure.received


async def test_a_redirect_to_http_is_not_followed(secure, server, way):
    secure.on("/", reply(status=302, Location=server.url("/")))
    client = way(
        OriginSettings("pacs", secure.url("", host="localhost")),
        ssl_context=trusting_the_test_certificate,
    )

    with pytest.raises(NotAllowed, match="https to http"):
        await client.read(secure.url("/", host="localhost"))

    assert server.connections == 0
