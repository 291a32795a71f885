"""How a client finds the daemon, and what it says when there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import imageid
from clients.python.scripted_daemon import ScriptedDaemon, messages, says
from imageid._endpoint import find, runtime_directory


def test_the_runtime_directory_is_the_one_named(tmp_path: Path) -> None:
    environ = {"IMAGEID_RUNTIME_DIR": str(tmp_path), "XDG_RUNTIME_DIR": "/run/user/1000"}

    assert runtime_directory(environ) == tmp_path


def test_else_it_is_that_of_the_session() -> None:
    assert runtime_directory({"XDG_RUNTIME_DIR": "/run/user/1000"}) == Path(
        "/run/user/1000/imageid"
    )


def test_else_it_is_below_the_users_cache() -> None:
    assert runtime_directory({"XDG_CACHE_HOME": "/cache"}) == Path("/cache/imageid/run")


def test_the_daemons_own_file_is_found(scripted: ScriptedDaemon) -> None:
    endpoint = find(None, None, {"IMAGEID_RUNTIME_DIR": str(scripted.directory)})

    assert endpoint.address == scripted.address
    assert endpoint.version == "0.1.0"


def test_the_environment_names_an_address() -> None:
    endpoint = find(None, None, {"IMAGEID_ENDPOINT": "127.0.0.1:8474"})

    assert endpoint.address == "127.0.0.1:8474"


def test_the_environment_names_a_file(scripted: ScriptedDaemon) -> None:
    endpoint = find(None, None, {"IMAGEID_ENDPOINT": str(scripted.endpoint_file)})

    assert endpoint.address == scripted.address


def test_an_argument_comes_before_the_environment() -> None:
    endpoint = find("unix:/a.sock", None, {"IMAGEID_ENDPOINT": "127.0.0.1:8474"})

    assert endpoint.address == "unix:/a.sock"


def test_a_unix_socket_needs_no_token(scripted: ScriptedDaemon) -> None:
    assert find(str(scripted.endpoint_file), None, {}).token is None


def test_tcp_takes_the_token_from_its_file(scripted: ScriptedDaemon) -> None:
    scripted.describe(listen=[scripted.tcp_address])

    assert find(str(scripted.endpoint_file), None, {}).token == "s3cret"


def test_the_users_own_daemon_is_known_by_its_address(scripted: ScriptedDaemon) -> None:
    environ = {"IMAGEID_RUNTIME_DIR": str(scripted.directory)}

    assert find(scripted.tcp_address, None, environ).token == "s3cret"


def test_a_daemon_is_known_by_the_file_beside_its_socket(scripted: ScriptedDaemon) -> None:
    scripted.describe(locality_token_file="/cache/locality-token")

    found = find(scripted.address, None, {})

    assert (found.version, found.locality_token_file) == (scripted.version, "/cache/locality-token")


def test_a_file_beside_the_socket_that_tells_of_others_says_nothing(
    scripted: ScriptedDaemon,
) -> None:
    scripted.describe(listen=["unix:/elsewhere/grpc.sock"])

    assert find(scripted.address, None, {}).version is None


def test_a_token_given_comes_before_the_file(scripted: ScriptedDaemon) -> None:
    environ = {"IMAGEID_RUNTIME_DIR": str(scripted.directory)}

    assert find(scripted.tcp_address, "given", environ).token == "given"


def test_the_token_is_sent_as_bearer_token(scripted: ScriptedDaemon) -> None:
    scripted.script("LoadImage", says(*messages(b"body")))

    with imageid.connect(scripted.tcp_address, token="given") as client:
        client.load("example://1")

    assert scripted.last_call.metadata["authorization"] == "Bearer given"


def test_without_an_endpoint_file_the_error_says_how_to_start_a_daemon(tmp_path: Path) -> None:
    with pytest.raises(imageid.Error, match="Start one with `imageidd`") as raised:
        find(None, None, {"IMAGEID_RUNTIME_DIR": str(tmp_path)})

    assert raised.value.reason == "DAEMON_UNAVAILABLE"
    assert str(tmp_path) in raised.value.detail


def test_a_file_of_a_dead_daemon_is_told_from_a_live_one(scripted: ScriptedDaemon) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    scripted.describe(pid=gone.pid)
    scripted.stop()

    with (
        imageid.connect(str(scripted.endpoint_file)) as client,
        pytest.raises(imageid.Error, match=f"process {gone.pid} is gone") as raised,
    ):
        client.info()

    assert raised.value.reason == "DAEMON_UNAVAILABLE"


def test_a_process_that_does_not_answer_is_told_too(scripted: ScriptedDaemon) -> None:
    scripted.describe(pid=os.getpid())
    scripted.stop()

    with (
        imageid.connect(str(scripted.endpoint_file)) as client,
        pytest.raises(imageid.Error, match=f"process {os.getpid()} is there"),
    ):
        client.info()


async def test_asyncio_tells_it_as_well(scripted: ScriptedDaemon) -> None:
    scripted.stop()

    async with imageid.aio.connect(scripted.address) as client:
        with pytest.raises(imageid.Error) as raised:
            await client.info()

    assert raised.value.reason == "DAEMON_UNAVAILABLE"


@pytest.mark.parametrize("text", ["[]", "{", '{"listen": []}', '{"listen": "127.0.0.1:1"}'])
def test_a_file_that_cannot_be_read_is_named(text: str, tmp_path: Path) -> None:
    file = tmp_path / "endpoint.json"
    file.write_text(text)

    with pytest.raises(imageid.Error, match=str(file)) as raised:
        find(str(file), None, {})

    assert raised.value.reason == "ENDPOINT_INVALID"


def test_a_token_file_that_is_missing_is_named(scripted: ScriptedDaemon) -> None:
    scripted.describe(listen=[scripted.tcp_address])
    (scripted.directory / "token").unlink()

    with pytest.raises(imageid.Error, match=str(scripted.directory / "token")):
        find(str(scripted.endpoint_file), None, {})


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "localhost:grpc"])
def test_an_address_without_a_port_is_refused(address: str) -> None:
    with pytest.raises(imageid.Error, match="HOST:PORT"):
        find(address, None, {})


def test_a_daemon_of_another_version_is_warned_of(scripted: ScriptedDaemon) -> None:
    scripted.describe(version="9.0.0")

    with pytest.warns(UserWarning, match=r"version 9\.0\.0") as warned:
        imageid.connect(str(scripted.endpoint_file)).close()

    assert warned[0].filename == __file__


def test_the_proxy_of_the_environment_is_not_asked(
    scripted: ScriptedDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    scripted.script("LoadImage", says(*messages(b"body")))

    with imageid.connect(scripted.tcp_address) as client:
        image = client.load("example://1")

    assert bytes(image.data) == b"body"
