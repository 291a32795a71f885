"""What stands between a caller and a service whose code is wrong."""

import asyncio
from contextlib import asynccontextmanager

import grpc
import pytest
from prometheus_client import CollectorRegistry
from tests.service.conftest import error_info

from imageid_daemon.metrics import CallMetrics
from imageid_daemon.service.around import Around

SECRET = "https://pacs/patient-name"
WITH_TOKEN = (("authorization", "Bearer token"),)


async def fail(request, context):
    raise ValueError(SECRET)


async def fail_in_mid_stream(request, context):
    yield b"first"
    raise ValueError(SECRET)


async def write_by_itself(request, context):
    await context.write(b"answer")


HANDLERS = grpc.method_handlers_generic_handler(
    "test.Service",
    {
        "Unary": grpc.unary_unary_rpc_method_handler(fail),
        "Stream": grpc.unary_stream_rpc_method_handler(fail_in_mid_stream),
        "Unwrapped": grpc.unary_stream_rpc_method_handler(write_by_itself),
    },
)


@asynccontextmanager
async def channel():
    ready = asyncio.Event()
    ready.set()
    around = Around(CallMetrics(CollectorRegistry()), "token", ready)
    server = grpc.aio.server(interceptors=[around])
    server.add_generic_rpc_handlers((HANDLERS,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as opened:
            yield opened
    finally:
        await server.stop(None)


async def failure_of(call):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    return failure.value


async def drained(call):
    return [message async for message in call]


@pytest.mark.parametrize("method", ["Unary", "Stream"])
async def test_a_bug_is_internal_and_found_in_the_log_by_its_request_id(method, capsys):
    async with channel() as opened:
        if method == "Unary":
            call = opened.unary_unary("/test.Service/Unary")(b"", metadata=WITH_TOKEN)
        else:
            call = drained(opened.unary_stream("/test.Service/Stream")(b"", metadata=WITH_TOKEN))
        error = await failure_of(call)

    info = error_info(error)
    logged = capsys.readouterr()
    assert (error.code(), info.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert info.metadata["request_id"] in error.details()
    assert info.metadata["request_id"] in logged.out + logged.err
    assert SECRET not in error.details() + logged.out + logged.err


async def test_a_call_that_cannot_be_checked_is_not_answered():
    async with channel() as opened:
        call = opened.unary_stream("/test.Service/Unwrapped")
        error = await failure_of(drained(call(b"")))

    assert error.code() is grpc.StatusCode.UNIMPLEMENTED
