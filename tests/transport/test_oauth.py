"""Tokens of OAuth 2: asked for once, renewed in time, and never shown."""

import asyncio
import base64
import json
from pathlib import Path

import pytest

from imageid_daemon.config import OriginSettings
from imageid_daemon.origins.oauth import token_of, token_request
from imageid_loaders.errors import Unauthenticated, Unavailable
from transport.raw_server import NO_ANSWER, Reply, reply, running

SECRET = "s3cret / ünusual"


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def login():
    """The server of the token endpoint."""
    async with running() as raw:
        yield raw


def granted(token: str, **more):
    answer = {"access_token": token, "token_type": "Bearer", **more}
    return reply(json.dumps(answer).encode(), content_type="application/json")


def refused(code: str, status: int = 400):
    answer = {"error": code, "error_description": f"wrong secret {SECRET}"}
    return reply(json.dumps(answer).encode(), status=status)


def pacs(server, login, **more) -> OriginSettings:
    settings = {
        "token_endpoint": login.url("/token"),
        "client_id": "viewer:1",
        "client_secret_env": "SECRET",
        "retries": 0,
    }
    return OriginSettings("pacs", server.url(""), **settings | more)


@pytest.fixture
def client(server, login, way):
    clock = Clock()
    made = way(pacs(server, login), allow=(), environ={"SECRET": SECRET}, now=clock)
    made.clock = clock
    return made


def shown(server) -> list[str | None]:
    return [each.fields.get("authorization") for each in server.received]


async def test_a_token_is_fetched_by_client_credentials_and_shown_as_bearer(server, login, way):
    url = server.on("/", reply(b"image"))
    login.on("/token", granted("t1", expires_in=3600))
    settings = pacs(server, login, scopes=("dicom.read", "dicom.list"))
    client = way(settings, allow=(), environ={"SECRET": SECRET})

    assert await client.read(url) == b"image"

    assert shown(server) == ["Bearer t1"]
    [asked] = login.received
    assert (asked.method, asked.request_target) == ("POST", "/token")
    assert asked.body == b"grant_type=client_credentials&scope=dicom.read+dicom.list"
    assert asked.fields["content-type"] == "application/x-www-form-urlencoded"
    user_and_password = base64.b64decode(asked.fields["authorization"].removeprefix("Basic "))
    # RFC 6749 section 2.3.1: form-encoded, hence the colon of the id separates nothing.
    assert user_and_password == b"viewer%3A1:s3cret+%2F+%C3%BCnusual"


async def test_any_number_of_requests_ask_for_one_token(server, login, client):
    url = server.on("/", reply(b"image"))
    gate = asyncio.Event()
    answer = granted("t1", expires_in=3600)
    login.on("/token", Reply(answer.head, answer.body, gate=gate))

    reads = [asyncio.create_task(client.read(url)) for _ in range(30)]
    await login.wait_for_requests(1)
    reads[0].cancel()
    gate.set()
    await asyncio.gather(*reads, return_exceptions=True)

    assert len(login.received) == 1
    assert set(shown(server)) == {"Bearer t1"}
    assert len(server.received) == 29


async def test_a_token_is_renewed_shortly_before_its_end(server, login, client):
    url = server.on("/", reply(b"image"))
    login.on("/token", granted("t1", expires_in=3600), granted("t2", expires_in=3600))

    for second in (0.0, 3569.0, 3571.0):
        client.clock.seconds = second
        await client.read(url)

    assert shown(server) == ["Bearer t1", "Bearer t1", "Bearer t2"]


async def test_a_token_without_an_end_is_used_until_it_is_refused(server, login, client):
    url = server.on("/", reply(b"image"), reply(status=401), reply(b"image"))
    login.on("/token", granted("t1"), granted("t2"))
    await client.read(url)
    client.clock.seconds = 1e6

    assert await client.read(url) == b"image"

    assert shown(server) == ["Bearer t1", "Bearer t1", "Bearer t2"]


async def test_a_401_is_tried_again_once_with_a_new_token(server, login, client):
    url = server.on("/", reply(b"image"), reply(status=401))
    login.on("/token", granted("t1"), granted("t2"), granted("t3"))
    await client.read(url)
    client.clock.seconds = 100.0

    async with client.get(url) as response:
        assert response.status == 401

    assert shown(server) == ["Bearer t1", "Bearer t1", "Bearer t2"]


async def test_requests_that_are_refused_together_ask_for_one_new_token(server, login, client):
    gate = asyncio.Event()
    url = server.on("/", reply(b"image"))
    login.on("/token", granted("t1"), granted("t2"), granted("t3"))
    await client.read(url)
    client.clock.seconds = 100.0
    expired = Reply(b"", reply(status=401).head, gate=gate)
    server.on("/", *[expired] * 8, reply(b"image"))

    reads = [asyncio.create_task(client.read(url)) for _ in range(8)]
    await server.wait_for_requests(9)
    gate.set()

    assert await asyncio.gather(*reads) == [b"image"] * 8
    assert len(login.received) == 2


async def test_an_origin_that_refuses_every_token_does_not_make_the_daemon_ask_for_ever(
    server, login, client
):
    url = server.on("/", reply(status=401))
    login.on("/token", granted("t1"))

    for _ in range(10):
        async with client.get(url) as response:
            assert response.status == 401

    assert len(login.received) == 1


async def test_a_refusal_names_its_reason_and_no_secret(server, login, client):
    url = server.on("/", reply(b"image"))
    login.on("/token", refused("invalid_client", 401))

    with pytest.raises(Unauthenticated, match="invalid_client") as caught:
        await client.read(url)

    assert "s3cret" not in caught.value.message
    assert not server.received


async def test_a_client_that_is_refused_does_not_knock_for_every_image(server, login, client):
    url = server.on("/", reply(b"image"))
    login.on("/token", refused("invalid_client"), granted("t1"))

    for _ in range(20):
        with pytest.raises(Unauthenticated):
            await client.read(url)
    knocked = len(login.received)
    client.clock.seconds = 5.0

    assert knocked == 1
    assert await client.read(url) == b"image"


@pytest.mark.parametrize("answer", [NO_ANSWER, reply(status=503), reply(status=429)])
async def test_an_endpoint_that_is_down_is_unavailable(server, login, client, answer):
    url = server.on("/", reply(b"image"))
    login.on("/token", answer)

    with pytest.raises(Unavailable):
        await client.read(url)

    assert client.figures("pacs").breaker == 0


async def test_the_secret_follows_no_redirect(server, other, login, client):
    url = server.on("/", reply(b"image"))
    login.on("/token", reply(status=307, Location=other.on("/token", granted("stolen"))))

    with pytest.raises(Unauthenticated, match="HTTP status 307"):
        await client.read(url)

    assert not other.received


async def test_the_token_goes_to_its_origin_alone(server, other, login, way):
    login.on("/token", granted("t1"))
    server.on("/", reply(status=302, Location=other.on("/x", reply(b"image"))))
    client = way(pacs(server, login), environ={"SECRET": SECRET})

    assert await client.read(server.url("/")) == b"image"

    assert shown(server) == ["Bearer t1"]
    assert shown(other) == [None]


async def test_no_image_can_be_loaded_from_the_token_endpoints_server(login, client):
    login.on("/x", reply(b"image"))

    with pytest.raises(Exception, match="may not be reached"):
        await client.read(login.url("/x"))


async def test_the_scope_tells_clients_apart_and_outlives_a_new_secret(login, server, way):
    def scope(secret: str = "1", **more) -> str:
        return way(pacs(server, login, **more), environ={"SECRET": secret}).origins.scope(
            server.url("/x")
        )

    assert scope("1") == scope("2")
    assert len({scope(), scope(client_id="other"), scope(scopes=("all",)), ""}) == 4


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"access_token": "t"}',
        b'{"access_token": "", "token_type": "bearer"}',
        b'{"access_token": "a b", "token_type": "bearer"}',
        b'{"access_token": "a\\nb", "token_type": "bearer"}',
        b'{"access_token": "t", "token_type": "mac"}',
    ],
)
def test_what_is_no_bearer_token_is_refused(body):
    with pytest.raises(Unauthenticated, match="no bearer token"):
        token_of(200, body, "pacs", 0.0)


def test_a_short_lived_token_is_used_for_most_of_its_life():
    body = b'{"access_token": "t", "token_type": "BEARER", "expires_in": "60"}'

    token = token_of(200, body, "pacs", 100.0)

    assert token.fresh_until_seconds == 154.0
    assert "'t'" not in repr(token)


def test_an_unknown_word_of_the_endpoint_is_not_repeated():
    with pytest.raises(Unauthenticated) as caught:
        token_of(400, b'{"error": "s3cret"}', "pacs", 0.0)

    assert "s3cret" not in caught.value.message


def test_a_client_with_a_certificate_needs_no_secret():
    origin = OriginSettings("pacs", "https://p", token_endpoint="https://l", client_id="me")

    fields, body = token_request(origin, None, None)

    assert "authorization" not in fields
    assert body == b"grant_type=client_credentials&client_id=me"


@pytest.fixture
def refresh_token_file(tmp_path):
    file = tmp_path / "refresh-token"
    file.write_text("r1\n")
    file.chmod(0o600)
    return file


@pytest.fixture
def refreshing(server, login, way, refresh_token_file):
    """A public client that has a user's consent."""
    clock = Clock()
    settings = pacs(server, login, client_secret_env=None, refresh_token_file=refresh_token_file)
    made = way(settings, now=clock)
    made.clock = clock
    return made


def forms(login) -> list[bytes]:
    return [each.body for each in login.received]


async def test_a_refresh_token_is_shown_in_place_of_the_clients_own_right(
    server, login, refreshing
):
    url = server.on("/", reply(b"image"))
    login.on("/token", granted("t1", expires_in=3600))

    assert await refreshing.read(url) == b"image"

    assert shown(server) == ["Bearer t1"]
    expected = b"grant_type=refresh_token&refresh_token=r1&client_id=viewer%3A1"
    assert forms(login) == [expected]


async def test_another_one_that_is_given_is_kept_in_the_file_and_shown_next(
    server, login, refreshing, refresh_token_file
):
    url = server.on("/", reply(b"image"))
    login.on("/token", granted("t1", expires_in=60, refresh_token="r2"), granted("t2"))
    await refreshing.read(url)
    refreshing.clock.seconds = 100.0

    await refreshing.read(url)

    assert b"refresh_token=r2" in forms(login)[1]
    assert refresh_token_file.read_text() == "r2\n"
    assert refresh_token_file.stat().st_mode & 0o777 == 0o600
    assert list(refresh_token_file.parent.iterdir()) == [refresh_token_file]


async def test_where_it_cannot_be_written_it_is_shown_all_the_same(
    server, login, way, refresh_token_file
):
    url = server.on("/", reply(b"image"))
    login.on("/token", granted("t1", expires_in=60, refresh_token="r2"), granted("t2"))
    clock = Clock()
    with refresh_token_file.open() as opened:
        # The same file, in a folder that takes no other, whoever asks.
        file = Path(f"/proc/self/fd/{opened.fileno()}")
        settings = pacs(server, login, client_secret_env=None, refresh_token_file=file)
        client = way(settings, now=clock)
        await client.read(url)
        clock.seconds = 100.0

        await client.read(url)

    assert b"refresh_token=r2" in forms(login)[1]
    assert refresh_token_file.read_text() == "r1\n"
