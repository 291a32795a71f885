"""A target of its own: a process with little memory and time, replaced when it dies."""

from __future__ import annotations

import asyncio
import resource
import signal
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType

MEMORY_BYTES = 2 << 30
CPU_SECONDS = 2.0


class Child:
    """Decodes in another process; `async with` it, then call it as a `driving.Target`."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Child:
        self._path = Path(self._stack.enter_context(tempfile.TemporaryDirectory())) / "mutant"
        self._stack.push_async_callback(self._stop)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def __call__(self, name: str, data: bytes) -> str:
        self._path.write_bytes(data)
        process = self._process = self._process or await _start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{self._path}\t{name}\n".encode())
        answer = await process.stdout.readline()
        if answer:
            return answer.decode().strip()
        self._process = None
        code = await process.wait()
        return f"died of {signal.Signals(-code).name if code < 0 else code}"

    async def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()


async def _start() -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "fuzz.child",
        stdin=pipe,
        stdout=pipe,
        stderr=asyncio.subprocess.DEVNULL,
    )


def serve() -> None:
    """Answer one line with one line; a mutant that takes too long ends the process."""
    from fuzz.decoding import attempt
    from imageid_daemon import pixels

    pixels.prepare()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        path, name = line.rstrip("\n").split("\t")
        # SIGVTALRM counts this process's own time, and nothing here catches it.
        signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
        try:
            answer = attempt(Path(path), name)
        except BaseException as error:
            answer = f"raised {type(error).__name__}"
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        print(answer, flush=True)


if __name__ == "__main__":
    serve()
