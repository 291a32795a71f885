"""Whom a client trusts, and which certificate it shows, for each origin apart."""

import shutil
import ssl
from pathlib import Path

import pytest

from imageid_daemon.config import OriginSettings
from imageid_loaders.errors import Unauthenticated, Unavailable
from transport.certificates import self_signed
from transport.raw_server import reply, running

SERVER = Path(__file__).parent / "localhost.pem"


def asking_for_a_certificate(*trusted: Path) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(SERVER)
    tls.verify_mode = ssl.CERT_REQUIRED
    for certificate in trusted:
        tls.load_verify_locations(certificate)
    return tls


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def workstation(folder):
    return self_signed(folder, "workstation")


@pytest.fixture(scope="module")
def renewed(folder):
    return self_signed(folder, "renewed")


@pytest.fixture
async def secure(workstation, renewed):
    async with running(asking_for_a_certificate(workstation[0], renewed[0])) as raw:
        raw.on("/", reply(b"image"))
        raw.on("/other", reply(b"image"))
        yield raw


def pacs(secure, path: str = "/", **settings) -> OriginSettings:
    url = secure.url(path, host="localhost")
    return OriginSettings("pacs", url, **{"ca_file": SERVER, "retries": 0, **settings})


async def test_an_authority_of_the_origins_own_is_trusted(way):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(SERVER)
    async with running(tls) as raw:
        raw.on("/", reply(b"image"))

        assert await way(pacs(raw)).read(raw.url("/", host="localhost")) == b"image"


async def test_it_is_trusted_for_no_other_origin(way):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(SERVER)
    async with running(tls) as raw:
        url = raw.on("/elsewhere", reply(b"image")).replace("127.0.0.1", "localhost")
        client = way(pacs(raw, "/dicom-web"), allow=("localhost:*",))

        with pytest.raises(Unavailable, match="certificate"):
            await client.read(url)

        assert not raw.received


async def test_a_certificate_is_shown_to_who_asks_for_it(secure, workstation, way):
    certificate, key = workstation
    client = way(pacs(secure, client_certificate=certificate, client_key=key))

    assert await client.read(secure.url("/", host="localhost")) == b"image"

    assert secure.received[0].peer == "workstation"


async def test_the_key_may_stand_in_the_certificates_file(secure, workstation, way, tmp_path):
    both = tmp_path / "both.pem"
    both.write_text("".join(file.read_text() for file in workstation))
    client = way(pacs(secure, client_certificate=both))

    assert await client.read(secure.url("/", host="localhost")) == b"image"


async def test_without_it_such_a_server_answers_nothing(secure, way):
    with pytest.raises(Unavailable):
        await way(pacs(secure)).read(secure.url("/", host="localhost"))

    assert not secure.received


async def test_a_connection_that_speaks_for_a_client_serves_no_other_path_of_the_server(
    secure, workstation, way
):
    certificate, key = workstation
    named = pacs(secure, "/named", client_certificate=certificate, client_key=key)
    secure.on("/named", reply(b"image"))
    plain = OriginSettings("plain", secure.url("/other", host="localhost"), ca_file=SERVER)
    client = way(named, plain)
    await client.read(secure.url("/named", host="localhost"))

    with pytest.raises(Unavailable):
        await client.read(secure.url("/other", host="localhost"))

    assert [each.request_target for each in secure.received] == ["/named"]


async def test_a_renewed_certificate_is_used_without_a_restart(
    secure, workstation, renewed, way, tmp_path
):
    certificate, key = tmp_path / "own.pem", tmp_path / "own.key"

    def install(pair):
        shutil.copy(pair[0], certificate)
        shutil.copy(pair[1], key)

    install(workstation)
    # The server ends each connection, as one does that sees the old certificate expire.
    secure.on("/", reply(b"image", then="close", connection="close"))
    client = way(pacs(secure, client_certificate=certificate, client_key=key))
    await client.read(secure.url("/", host="localhost"))

    install(renewed)
    await client.read(secure.url("/", host="localhost"))

    assert [each.peer for each in secure.received] == ["workstation", "renewed"]


async def test_a_certificate_that_is_gone_is_reported(secure, workstation, way, tmp_path):
    client = way(pacs(secure, client_certificate=tmp_path / "gone.pem"))

    with pytest.raises(Unauthenticated, match="client_certificate"):
        await client.read(secure.url("/", host="localhost"))


async def test_the_scope_tells_certificates_apart(workstation, renewed, way):
    def scope(certificate) -> str:
        origin = OriginSettings("pacs", "https://p.example", client_certificate=certificate)
        return way(origin).origins.scope("https://p.example/x")

    assert len({scope(workstation[0]), scope(renewed[0]), scope(None)}) == 3
