"""One worker as the daemon sees it: idle, or at a job until its answer, its deadline or its end.

It may have a second job at hand, so that it need not wait for one when the first is done. Jobs
lie in its tray until it takes them: the daemon keeps a descriptor of the worker's end too, so
that it can take a job back that the worker has not taken, and either of them has it for sure.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import msgspec

from imageid_daemon.workers import wire
from imageid_daemon.workers.job import Job
from imageid_daemon.workers.outcome import Cause

# After so many jobs a worker is replaced: what codecs leak is bounded so.
_JOBS_OF_A_LIFE = 1000
# How long a job that nobody waits for any more may go on, rather than cost a worker.
_ABANDONED_SECONDS = 1.0


class Worker:
    """A process with a link to it.

    Args:
        kill: has the process killed; its end is reported to the pool.
        on_answer: called when the job that it was at is answered.
    """

    def __init__(
        self,
        number: int,
        wall_seconds: float,
        kill: Callable[[int], None],
        on_answer: Callable[[Worker, Job, wire.Answer], None],
    ) -> None:
        self.number = number
        self.jobs: deque[Job] = deque()
        self.jobs_done = 0
        self.verdict: Cause | None = None
        self._wall_seconds = wall_seconds
        self._kill = kill
        self._on_answer = on_answer
        self._loop = asyncio.get_running_loop()
        self._link, self.their_link = _pair()
        self._way_to_tray, self._tray = _pair()
        self.page = os.memfd_create("imageid-worker", os.MFD_CLOEXEC)
        self._link.setblocking(False)
        self._way_to_tray.setblocking(False)
        self._loop.add_reader(self._link, self._hear)
        self._deadline: asyncio.TimerHandle | None = None
        self._replies = msgspec.msgpack.Decoder(wire.Reply)

    @property
    def is_worn(self) -> bool:
        return self.jobs_done >= _JOBS_OF_A_LIFE

    @property
    def job(self) -> Job | None:
        """What it is at."""
        return self.jobs[0] if self.jobs else None

    @property
    def its_ends(self) -> tuple[int, int, int]:
        """What the process gets of it: its link, its tray and its page."""
        return self.their_link.fileno(), self._tray.fileno(), self.page

    @property
    def at_hand(self) -> Job | None:
        """What it will do next."""
        return self.jobs[1] if len(self.jobs) > 1 else None

    def may_have_at_hand(self, job: Job) -> bool:
        """Whether a job may wait for this worker alone, behind the one that it is at."""
        alike = job.kind is not None and self.jobs[0].kind == job.kind
        barred = job.wants_fresh or self.is_worn or not wire.fits_packet(job.payload)
        return len(self.jobs) == 1 and alike and not barred

    def take(self, job: Job) -> None:
        """Begin a job, or have it at hand."""
        self.jobs.append(job)
        if len(self.jobs) == 1:
            self._begin(job)
        # One that has just died is heard of by its end.
        with suppress(OSError):
            wire.send(self._way_to_tray, self.page, job.payload, job.descriptors)

    def give_back(self) -> bool:
        """Take the job at hand from it; False where it is begun or there is none."""
        is_back = self.at_hand is not None and wire.take_back(self._tray, self.at_hand.payload)
        if is_back:
            self.jobs.pop()
        return is_back

    def leave(self, job: Job) -> None:
        """Nobody waits for that job any more; one that is at hand is taken back, if it still is."""
        if job is self.at_hand:
            self.give_back()
        elif job is self.job:
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
        for each in (self._link, self._way_to_tray, self._tray):
            each.close()
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
            job = self.jobs.popleft()
            self.jobs_done += 1
            if self.jobs:
                self._begin(self.jobs[0])
            else:
                os.ftruncate(self.page, 0)  # a long answer's memory
            self._on_answer(self, job, reply.answer)

    def _begin(self, job: Job) -> None:
        job.tries += 1
        job.started_seconds = time.monotonic()
        if job.answer.done():
            self.leave(job)
        else:
            self._set_deadline(self._wall_seconds, "deadline")

    def _set_deadline(self, seconds: float, verdict: Cause) -> None:
        self._clear_deadline()
        self._deadline = self._loop.call_later(seconds, self.put_down, verdict)

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
