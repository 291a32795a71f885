"""A gRPC server with nothing behind it, of the daemon's kind: grpc.aio in a process of its own,
on a unix socket, without interceptors and with messages that are bytes already. What it does no
server of this kind can do faster.

    python -m benchmarks.peers.bare_grpc ADDRESS FOLDER
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

import grpc.aio

from benchmarks.measuring import Taken, by_callers, digest_of
from imageid.v1.image_service_pb2 import DESCRIPTOR
from origins.process import running

_EMPTY = "/benchmarks.Bare/Empty"


@asynccontextmanager
async def bare_server(directory: Path, messages: Sequence[bytes] = ()) -> AsyncIterator[str]:
    """Run one in `directory`; gives its address.

    Args:
        messages: what LoadImage answers whatever it is asked.
    """
    folder = directory / "messages"
    folder.mkdir(parents=True)
    for number, message in enumerate(messages):
        (folder / f"{number:06}").write_bytes(message)
    address = f"unix:{directory / 'bare.sock'}"
    command = (sys.executable, "-m", "benchmarks.peers.bare_grpc", address, folder)
    async with running(command, directory / "bare.log", lambda: _answers(address)):
        yield address


def call_once(channel: grpc.Channel) -> Taken:
    """One call of a server stream that answers one message without a byte."""
    started = perf_counter()
    messages = list(channel.unary_stream(_EMPTY)(b""))
    return Taken(perf_counter() - started, digest_of(messages))


def call_often(address: str, calls: int, callers: int) -> Taken:
    """Such calls by many callers at once, on one channel."""

    async def work() -> Taken:
        async with grpc.aio.insecure_channel(address) as channel:
            empty = channel.unary_stream(_EMPTY)

            async def ask(request: bytes) -> bytes:
                return b"".join([message async for message in empty(request)])

            return await by_callers(ask, [b""] * calls, callers)

    return asyncio.run(work())


async def _answers(address: str) -> bool:
    async with grpc.aio.insecure_channel(address) as channel:
        try:
            await anext(aiter(channel.unary_stream(_EMPTY)(b"", timeout=1)))
        except grpc.aio.AioRpcError:
            return False
        return True


async def _serve(address: str, folder: Path) -> None:
    messages = [file.read_bytes() for file in sorted(folder.iterdir())]

    async def empty(_request: bytes, _context: object) -> AsyncIterator[bytes]:
        yield b""

    async def replay(_request: bytes, _context: object) -> AsyncIterator[bytes]:
        for message in messages:
            yield message

    server = grpc.aio.server()
    image_service = DESCRIPTOR.services_by_name["ImageService"].full_name
    for service, method, answer in (
        ("benchmarks.Bare", "Empty", empty),
        (image_service, "LoadImage", replay),
    ):
        handler = {method: grpc.unary_stream_rpc_method_handler(answer)}
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, handler)])
    server.add_insecure_port(address)
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], Path(sys.argv[2])))
