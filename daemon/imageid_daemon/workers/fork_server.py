"""The process that all workers are forked from: it has imported everything and does nothing.

A fork takes some milliseconds and shares the imported pages, where a fresh interpreter takes
a third of a second and has 50 MiB to itself. The daemon, full of threads, must never fork;
this process has one thread. It reads no byte from outside, so the daemon may trust it.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from imageid_daemon.workers.allocation import keep_freed_memory
from imageid_daemon.workers.confinement import Limits, confine
from imageid_daemon.workers.serving import Ends, serve
from imageid_daemon.workers.signatures import Signature

MESSAGE_BYTES = 256
_ENDS = 3


class Spawn(msgspec.Struct, frozen=True, array_like=True, tag=0):
    """Fork worker `number`; its link, its tray and its page come along."""

    number: int


class Kill(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """Kill worker `number`, if it still lives."""

    number: int


class Ready(msgspec.Struct, frozen=True, array_like=True, tag=0):
    """Everything is imported."""


class Ended(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """Worker `number` has ended.

    Args:
        status: its exit code, or the negative number of the signal that ended it.
    """

    number: int
    status: int


Order = Spawn | Kill
Report = Ready | Ended


class ForkServer:
    """Forks, kills and buries workers as the daemon orders."""

    def __init__(
        self, control: socket.socket, signatures: Mapping[str, Signature], limits: Limits
    ) -> None:
        self._control = control
        self._signatures = signatures
        self._limits = limits
        self._orders: msgspec.msgpack.Decoder[Order] = msgspec.msgpack.Decoder(Order)
        self._workers: dict[int, tuple[int, int]] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)

    def run(self) -> None:
        """Obey until the daemon is gone; should this process be killed, its workers die too."""
        self._report(Ready())
        while True:
            for key, _ in self._selector.select():
                if key.data is not None:
                    self._report(Ended(key.data, self._bury(key.data)))
                elif not self._obey():
                    self._end()
                    return

    def _obey(self) -> bool:
        try:
            message, descriptors, _, _ = socket.recv_fds(self._control, MESSAGE_BYTES, _ENDS)
        except ConnectionResetError:
            return False  # the daemon was killed with reports unread
        if not message:
            return False
        order = self._orders.decode(message)
        if isinstance(order, Spawn):
            self._fork(order.number, descriptors)
        elif order.number in self._workers:
            # Not yet buried, so its number cannot be another process's.
            os.kill(self._workers[order.number][0], signal.SIGKILL)
        return True

    def _fork(self, number: int, descriptors: list[int]) -> None:
        parent = os.getpid()
        process = os.fork()
        if process == 0:
            try:
                self._become_worker(parent, *descriptors)
            finally:
                # Never back into the fork server's own frames.
                os._exit(1)
        for descriptor in descriptors:
            os.close(descriptor)
        watched = os.pidfd_open(process)
        self._workers[number] = (process, watched)
        self._selector.register(watched, selectors.EVENT_READ, number)

    def _become_worker(self, parent: int, link: int, tray: int, page: int) -> None:
        # Libraries print what is in files.
        os.dup2(1, 2)
        _close_all_but({0, 1, 2, link, tray, page})
        confine(self._limits, parent)
        keep_freed_memory()
        ends = Ends(socket.socket(fileno=link), socket.socket(fileno=tray), page)
        serve(ends, self._signatures, self._limits.cpu_seconds)
        os._exit(0)

    def _bury(self, number: int) -> int:
        process, watched = self._workers.pop(number)
        self._selector.unregister(watched)
        os.close(watched)
        _, status = os.waitpid(process, 0)
        return os.waitstatus_to_exitcode(status)

    def _end(self) -> None:
        for process, _ in self._workers.values():
            os.kill(process, signal.SIGKILL)
        for number in list(self._workers):
            self._bury(number)

    def _report(self, report: Report) -> None:
        self._control.send(msgspec.msgpack.encode(report))


def _close_all_but(kept: set[int]) -> None:
    for descriptor in {int(path.name) for path in Path("/proc/self/fd").iterdir()} - kept:
        # That of the listing itself is closed already.
        with suppress(OSError):
            os.close(descriptor)
