"""One worker as the daemon sees it: idle, or at a job until its answer, its deadline or its end."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from imageid_daemon.workers import wire
from imageid_daemon.workers.outcome import Cause

# After so many jobs a worker is replaced: what codecs leak is bounded so.
_JOBS_OF_A_LIFE = 1000
# How long a job that nobody waits for any more may go on, rather than cost a worker.
_ABANDONED_SECONDS = 1.0


@dataclass(eq=False, slots=True)
class Job:
    """A message to a worker, and the answer to come.

    Args:
        number: no other job of the pool has it.
        descriptors: files that go with it; whoever waits for the answer keeps them open.
        tries: how many workers have had it.
        wants_fresh: only a worker without a past may have it.
    """

    number: int
    task: str
    payload: bytes
    descriptors: tuple[int, ...]
    answer: asyncio.Future[wire.Answer]
    tries: int = 0
    wants_fresh: bool = False
    started_seconds: float = field(default=0.0)


class Worker:
    """A process with a link to it.

    Args:
        kill: has the process killed; its end is reported to the pool.
        on_answer: called when it is idle again.
    """

    def __init__(
        self,
        number: int,
        wall_seconds: float,
        kill: Callable[[int], None],
        on_answer: Callable[[Worker, Job, wire.Answer], None],
    ) -> None:
        self.number = number
        self.job: Job | None = None
        self.jobs_done = 0
        self.verdict: Cause | None = None
        self._wall_seconds = wall_seconds
        self._kill = kill
        self._on_answer = on_answer
        self._loop = asyncio.get_running_loop()
        self._link, self.their_link = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.page = os.memfd_create("imageid-worker", os.MFD_CLOEXEC)
        self._link.setblocking(False)
        self._loop.add_reader(self._link, self._hear)
        self._deadline: asyncio.TimerHandle | None = None
        self._replies = msgspec.msgpack.Decoder(wire.Reply)

    @property
    def is_worn(self) -> bool:
        return self.jobs_done >= _JOBS_OF_A_LIFE

    def take(self, job: Job) -> None:
        """Begin a job; the worker is idle."""
        self.job = job
        job.tries += 1
        job.started_seconds = time.monotonic()
        self._set_deadline(self._wall_seconds, "deadline")
        # One that has just died is heard of by its end.
        with suppress(OSError):
            wire.send(self._link, self.page, job.payload, job.descriptors)

    def abandon(self) -> None:
        """Nobody waits for its job any more."""
        self._set_deadline(_ABANDONED_SECONDS, "abandoned")

    def put_down(self, verdict: Cause) -> None:
        """Kill it."""
        if self.verdict is None:
            self.verdict = verdict
            self._kill(self.number)

    def close(self) -> None:
        """Hang up: an idle worker ends of itself."""
        self._clear_deadline()
        self._loop.remove_reader(self._link)
        self._link.close()
        os.close(self.page)

    def hear_out(self) -> None:
        """Take an answer that came before the end."""
        self._hear()

    def _hear(self) -> None:
        try:
            payload = wire.receive(self._link, self.page)
            reply = None if payload is None else self._replies.decode(payload)
        except BlockingIOError:
            return
        except (wire.Unintelligible, msgspec.MsgspecError):
            self._loop.remove_reader(self._link)
            self.put_down("garbage")
            return
        except OSError:
            reply = None
        if reply is None:
            # The end itself is reported by the fork server, with its status; whoever only
            # hangs up shall not live on.
            self._loop.remove_reader(self._link)
            self._kill(self.number)
        elif self.job is None or reply.number != self.job.number:
            self.put_down("garbage")
        elif self.verdict is None:
            self._clear_deadline()
            job, self.job = self.job, None
            self.jobs_done += 1
            self._on_answer(self, job, reply.answer)

    def _set_deadline(self, seconds: float, verdict: Cause) -> None:
        self._clear_deadline()
        self._deadline = self._loop.call_later(seconds, self.put_down, verdict)

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
