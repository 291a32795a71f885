"""The daemon's end of the fork server: starts it, asks it for workers, hears of their ends."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable
from contextlib import suppress

import msgspec
import structlog

from imageid_daemon.workers.confinement import Limits
from imageid_daemon.workers.fork_server import (
    MESSAGE_BYTES,
    Ended,
    Kill,
    Order,
    Ready,
    Report,
    Spawn,
)
from imageid_loaders.errors import ConfigurationError

_RESTART_SECONDS = 1.0
# One image is one worker's work: libraries must not start threads of their own. A worker
# needs no secret that the daemon's environment may hold.
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
_INHERITED = (
    "PYTHONPATH",
    "PYTHONHOME",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "COVERAGE_PROCESS_START",
)

log = structlog.get_logger("imageid.workers")


class Nursery:
    """Makes workers; starts the fork server again when it dies.

    Args:
        tasks: name of the module with the table of tasks.
        on_end: called with a worker's number and its status, None where that is unknown
            because the fork server has died, and its workers with it.
    """

    def __init__(
        self, tasks: str, limits: Limits, on_end: Callable[[int, int | None], None]
    ) -> None:
        self._tasks = tasks
        self._limits = limits
        self._on_end = on_end
        self._reports: msgspec.msgpack.Decoder[Report] = msgspec.msgpack.Decoder(Report)
        self._control: socket.socket | None = None
        self._process: Process | None = None
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._alive: set[int] = set()
        self._restart: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the fork server, which then imports; workers may be asked for at once."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "imageid_daemon.workers", str(theirs.fileno())),
                *(self._tasks, msgspec.json.encode(self._limits).decode()),
                stdin=DEVNULL,
                stdout=DEVNULL,
                env=_ENVIRONMENT | {k: os.environ[k] for k in _INHERITED if k in os.environ},
                pass_fds=(theirs.fileno(),),
                # A terminal's interrupt is the daemon's to handle.
                start_new_session=True,
            )
        ours.setblocking(False)
        self._control = ours
        asyncio.get_running_loop().add_reader(ours, self._hear)

    async def ready(self) -> None:
        """Wait until everything is imported.

        Raises:
            ConfigurationError: the fork server does not live so long.
        """
        await asyncio.shield(self._ready)

    def spawn(self, number: int, ends: tuple[int, int, int]) -> None:
        """Make worker `number`. Where that fails, its end is reported.

        Args:
            ends: descriptors of its ends of its link and its tray, and of its page.
        """
        self._alive.add(number)
        self._order(Spawn(number), ends)

    def kill(self, number: int) -> None:
        """Kill it, unless it has ended."""
        self._order(Kill(number))

    async def close(self) -> None:
        """End the fork server and every worker."""
        if self._restart is not None:
            self._restart.cancel()
            await asyncio.wait([self._restart])
        self._hang_up()
        if self._process is not None:
            await self._process.wait()

    def _order(self, order: Order, descriptors: tuple[int, ...] = ()) -> None:
        # An order that the fork server does not live to obey is answered by its own end.
        if self._control is not None:
            with suppress(OSError):
                socket.send_fds(self._control, [msgspec.msgpack.encode(order)], descriptors)

    def _hear(self) -> None:
        if self._control is None:
            return
        try:
            message = self._control.recv(MESSAGE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            message = b""
        if not message:
            self._lose()
            return
        report = self._reports.decode(message)
        if isinstance(report, Ready):
            self._became_ready()
        elif isinstance(report, Ended) and report.number in self._alive:
            self._alive.remove(report.number)
            self._on_end(report.number, report.status)

    def _lose(self) -> None:
        self._hang_up()
        if not self._ready.done():
            problem = "The decoding workers cannot be started; what they printed above says why."
            self._ready.set_exception(ConfigurationError(problem))
            return
        log.error("the fork server of the decoding workers has ended; it is started again")
        self._restart = asyncio.create_task(self._start_again())

    async def _start_again(self) -> None:
        if self._process is not None:
            await self._process.wait()
        while self._control is None:
            # One that cannot live is not started in a tight circle.
            await asyncio.sleep(_RESTART_SECONDS)
            with suppress(OSError):
                await self.start()
        # With those that were asked for meanwhile.
        lost, self._alive = self._alive, set()
        for number in lost:
            self._on_end(number, None)

    def _became_ready(self) -> None:
        if not self._ready.done():
            self._ready.set_result(None)

    def _hang_up(self) -> None:
        if self._control is not None:
            asyncio.get_running_loop().remove_reader(self._control)
            self._control.close()
            self._control = None
