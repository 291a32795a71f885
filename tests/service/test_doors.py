"""Who may come in, and by which door."""

import asyncio
import dataclasses
import json
import os
import shutil
import stat
from pathlib import Path

import grpc
import pydicom
import pytest
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from pydicom.data import get_testdata_file
from tests.service.conftest import error_info, serving

from imageid.v1 import image_service_pb2 as v1
from imageid.v1 import image_service_pb2_grpc
from imageid.v1 import types_pb2 as types
from imageid_daemon.app import running
from imageid_loaders.errors import ConfigurationError


async def info_by_tcp(served, token=None):
    async with grpc.aio.insecure_channel(served.tcp) as channel:
        metadata = [] if token is None else [("authorization", f"Bearer {token}")]
        stub = image_service_pb2_grpc.ImageServiceStub(channel)
        return await stub.GetServerInfo(v1.GetServerInfoRequest(), metadata=metadata)


async def services_by_tcp(served, token=None):
    async with grpc.aio.insecure_channel(served.tcp) as channel:
        metadata = [] if token is None else [("authorization", f"Bearer {token}")]
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        call = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(
            iter([request]), metadata=metadata
        )
        (answer,) = [each async for each in call]
        return {each.name for each in answer.list_services_response.service}


async def test_the_unix_socket_asks_for_no_token(served):
    info = await served.images.GetServerInfo(v1.GetServerInfoRequest())

    assert info.pid == os.getpid()


@pytest.mark.parametrize("token", [None, "", "wrong"])
async def test_tcp_without_the_token_is_rejected_and_told_where_it_is(served, token):
    with pytest.raises(grpc.aio.AioRpcError, match=r"endpoint\.json") as failure:
        await info_by_tcp(served, token)

    assert failure.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert error_info(failure.value).reason == "CALLER_REJECTED"


async def test_tcp_with_the_token_of_the_token_file_is_let_in(served):
    token = Path(served.endpoint["token_file"]).read_text().strip()

    assert (await info_by_tcp(served, token)).pid == os.getpid()


async def test_reflection_names_the_services_to_who_has_the_token(served):
    assert await services_by_tcp(served, served.daemon.token) >= {
        "imageid.v1.ImageService",
        "imageid.v1.CacheService",
        "grpc.health.v1.Health",
    }
    with pytest.raises(grpc.aio.AioRpcError, match="no valid token"):
        await services_by_tcp(served)


async def test_the_endpoint_file_tells_clients_where_the_daemon_is(served):
    path = served.config.runtime_directory / "endpoint.json"

    endpoint = json.loads(path.read_text())
    assert set(endpoint) == {
        "listen",
        "http",
        "token_file",
        "locality_token_file",
        "pid",
        "version",
    }
    info = await served.images.GetServerInfo(v1.GetServerInfoRequest())
    assert endpoint["locality_token_file"] == info.locality_token_file
    assert (endpoint["listen"], endpoint["pid"]) == (list(served.daemon.listen), os.getpid())
    assert endpoint["http"] == served.daemon.http
    for private in (path, served.config.runtime_directory / "token"):
        assert stat.S_IMODE(private.stat().st_mode) == 0o600


async def test_the_token_is_another_one_at_every_start(tmp_path):
    tokens = set()
    for _ in range(2):
        async with serving(tmp_path) as served:
            tokens.add(served.daemon.token)

    assert len(tokens) == 2


@pytest.mark.parametrize("shared", ["cache", "runtime"])
async def test_a_second_daemon_is_told_who_holds_the_folder(served, tmp_path, shared):
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    config = served.config
    if shared == "cache":
        config = _replaced(config, runtime_directory=other)
    else:
        config = _replaced(config, cache=_replaced(config.cache, directory=other))

    with pytest.raises(ConfigurationError, match=f"process {os.getpid()}"):
        async with running(config, {}):
            pass
    assert (await served.images.GetServerInfo(v1.GetServerInfoRequest())).pid == os.getpid()


async def test_a_taken_port_is_an_error_that_names_it(served, tmp_path):
    with pytest.raises(ConfigurationError, match=served.tcp):
        async with _second(tmp_path, server={"listen": (served.tcp,)}, of=served):
            pass
    with pytest.raises(ConfigurationError, match=served.daemon.http):
        async with _second(tmp_path, server={"listen": (), "http": served.daemon.http}, of=served):
            pass


async def test_a_folder_that_others_can_read_and_that_holds_files_is_refused(served, tmp_path):
    public = tmp_path / "public"
    public.mkdir()
    (public / "somebody's").write_text("file")
    public.chmod(0o755)
    config = _replaced(served.config, cache=_replaced(served.config.cache, directory=public))

    with pytest.raises(ConfigurationError, match="chmod 700"):
        async with running(config, {}):
            pass


async def test_a_new_configuration_is_in_force_for_the_next_request(served, tmp_path):
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    image_id = (other / "a.png").as_uri()
    with pytest.raises(grpc.aio.AioRpcError, match="outside"):
        await served.load(image_id)

    served.daemon.reload(_replaced(served.config, loaders={"file": {"roots": [str(other)]}}))

    assert (await served.load(image_id))[-1].summary.size_bytes == 8


async def test_metrics_are_openmetrics_for_who_asks_so_and_name_no_image(served):
    await served.load("example://7")
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}

    _, plain_type, plain = await asyncio.to_thread(served.http, "/metrics")
    status, content_type, text = await asyncio.to_thread(served.http, "/metrics", accept)

    assert (status, content_type.partition(";")[0]) == (200, "application/openmetrics-text")
    assert text.endswith("# EOF\n")
    assert plain_type.startswith("text/plain")
    assert 'imageid_requests_total{result="miss",scheme="example"} 1.0' in text
    for line in (text + plain).splitlines():
        assert "example://" not in line
        assert "1.2.826" not in line


async def test_neither_path_nor_uid_of_a_loaded_file_is_in_the_metrics(served):
    source = get_testdata_file("CT_small.dcm", download=False)
    path = served.files / "patient-name.dcm"
    shutil.copy(source, path)
    for output in (None, types.OutputSpec(pixels=types.PixelsOutput())):
        await served.load(path.as_uri(), output=output)

    _, _, text = await asyncio.to_thread(served.http, "/metrics")

    assert 'scheme="file"' in text
    data_set = pydicom.dcmread(source)
    for secret in (path.name, str(served.files), data_set.SOPInstanceUID, data_set.PatientID):
        assert secret not in text


async def test_what_a_caller_makes_up_is_no_label(served):
    with pytest.raises(grpc.aio.AioRpcError):
        await served.load("patient-name:1")

    _, _, text = await asyncio.to_thread(served.http, "/metrics")

    assert "patient" not in text
    assert 'imageid_requests_total{result="error",scheme="unknown"} 1.0' in text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", ""])
async def test_a_page_that_names_itself_as_this_host_is_turned_away(served, host):
    status, _, text = await asyncio.to_thread(served.http, "/metrics", {"Host": host})

    assert status in (400, 403)
    assert "imageid_" not in text


async def test_the_http_door_says_whether_the_daemon_serves(served):
    assert (await asyncio.to_thread(served.http, "/health"))[::2] == (200, "SERVING\n")
    assert (await asyncio.to_thread(served.http, "/nothing"))[0] == 404


_replaced = dataclasses.replace


def _second(tmp_path, *, server, of):
    directory = tmp_path / "second"
    directory.mkdir(mode=0o700, exist_ok=True)
    config = _replaced(
        of.config,
        cache=_replaced(of.config.cache, directory=directory),
        runtime_directory=directory,
        server=_replaced(of.config.server, **server),
    )
    return running(config, {})
