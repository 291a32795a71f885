"""Nothing that leaves the daemon holds a secret, whatever goes wrong."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

import imageid
from daemon_process import DaemonProcess
from origins.pictures import noise_jpeg
from origins.scripted import Answer, ScriptedOrigin
from origins.server import Received, Reply

PICTURE = Answer(noise_jpeg(11), "image/jpeg")
SECRETS = {
    "client": "clientS3cretAlpha",
    "key": "apiK3yBravo",
    "inline": "inlineK3yCharlie",
    "password": "passw0rdDelta",
    "bearer": "bear3rEcho",
    "issued": "issuedTok3nFoxtrot",
}


# What those that basic authentication packs look like on the wire.
PACKED = [
    base64.b64encode(f"{user}:{SECRETS[name]}".encode())
    for user, name in (("me", "client"), ("viewer", "password"))
]
SENT = [SECRETS[name].encode() for name in ("key", "inline", "bearer", "issued")] + PACKED
ALL = [secret.encode() for secret in SECRETS.values()] + PACKED


@pytest_asyncio.fixture(loop_scope="session")
async def daemon(origin: ScriptedOrigin, tmp_path: Path) -> AsyncIterator[DaemonProcess]:
    """One origin for each way to show who one is, all on one server."""
    file = tmp_path / "secret"
    file.write_text(SECRETS["bearer"])
    file.chmod(0o600)
    config = f"""
        [log]
        level = "debug"
        [origins.oauth]
        url = "{origin.url}/oauth"
        token_endpoint = "{origin.url}/token"
        client_id = "me"
        client_secret_env = "CLIENT"
        headers = {{ X-Inline = "{SECRETS["inline"]}", X-Key = {{ env = "KEY" }} }}
        [origins.basic]
        url = "{origin.url}/basic"
        user = "viewer"
        password_env = "PASSWORD"
        [origins.bearer]
        url = "{origin.url}/bearer"
        token_file = "{file}"
    """
    environment = {name.upper(): SECRETS[name] for name in ("client", "key", "password")}
    async with DaemonProcess(tmp_path / "d", config, environment=environment) as process:
        yield process


@pytest_asyncio.fixture(loop_scope="session")
async def client(daemon: DaemonProcess) -> AsyncIterator[imageid.aio.Client]:
    async with imageid.aio.connect(daemon.address) as connected:
        yield connected


async def echo(request: Received, reply: Reply) -> None:
    """An origin that refuses, and repeats all that it was sent."""
    said = json.dumps(dict(request.headers)) + request.body.decode()
    await Answer(said.encode(), "text/html", 401).with_headers(X_Echo=said[:1000])(request, reply)


async def failure(client: imageid.aio.Client, url: str) -> str:
    with pytest.raises(imageid.Error) as raised:
        await client.load(url, "encoded")
    return repr(raised.value) + str(raised.value)


async def test_neither_log_errors_metrics_nor_files_hold_a_secret(
    origin: ScriptedOrigin, daemon: DaemonProcess, client: imageid.aio.Client
) -> None:
    token = {"access_token": SECRETS["issued"], "token_type": "Bearer"}
    origin.route("/token", Answer(json.dumps(token).encode(), "application/json"))
    told = []
    for name in ("oauth", "basic", "bearer"):
        await client.load(origin.route(f"/{name}/good", PICTURE), "encoded")
        told.append(await failure(client, origin.route(f"/{name}/echo", echo)))
        told.append(await failure(client, origin.route(f"/{name}/cut", PICTURE.truncated(9))))
        told.append(await failure(client, origin.route(f"/{name}/500", Answer(status=500))))
    async with httpx.AsyncClient(trust_env=False) as http:
        told.append((await http.get(f"http://{daemon.http_address}/metrics")).text)
    await daemon.stop()

    received = repr(origin.requests).encode()
    left = "\n".join(told).encode() + daemon.log.read_bytes()
    left += b"".join(f.read_bytes() for f in daemon.cache_directory.rglob("*") if f.is_file())
    assert all(secret in received for secret in SENT), "of what was not used it proves nothing"
    assert [secret for secret in ALL if secret in left] == []


async def test_a_token_endpoint_that_refuses_and_repeats_what_it_was_sent_tells_nobody(
    origin: ScriptedOrigin, daemon: DaemonProcess, client: imageid.aio.Client
) -> None:
    origin.route("/token", echo)

    told = await failure(client, f"{origin.url}/oauth/x")
    await daemon.stop()

    left = told.encode() + daemon.log.read_bytes()
    assert origin.count("/token") == 1
    assert [secret for secret in ALL if secret in left] == []
