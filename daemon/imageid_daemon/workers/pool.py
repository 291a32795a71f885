"""Who does which job: a queue, workers made as they are needed, and others for those that die."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from importlib import import_module
from itertools import count
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from imageid_daemon.callers import Claims, Priority
from imageid_daemon.workers import signatures, wire
from imageid_daemon.workers.answers import lacks_memory, result_of
from imageid_daemon.workers.asking import Asking
from imageid_daemon.workers.confinement import Limits
from imageid_daemon.workers.job import Job, job_of
from imageid_daemon.workers.nursery import Nursery
from imageid_daemon.workers.outcome import (
    Cause,
    cause_of,
    deserves_another_try,
    error_of,
)
from imageid_daemon.workers.queue import Queue
from imageid_daemon.workers.worker import Worker
from imageid_loaders.errors import ImageError, ShuttingDown

P = ParamSpec("P")
R = TypeVar("R")

TASKS = "imageid_daemon.workers.tasks"


class Observer(Protocol):
    """Is told what happens, to count it."""

    def observe_job(self, task: str, seconds: float) -> None: ...

    def observe_failed_job(self, reason: str) -> None: ...

    def observe_worker_death(self, cause: Cause) -> None: ...


class Pool:
    """Runs tasks in worker processes, each job at most in one at a time.

    Args:
        size: how many workers there may be.
        tasks: name of the module with the table of tasks.
        now: gives seconds that only grow.
    """

    def __init__(
        self,
        size: int,
        limits: Limits,
        observer: Observer,
        tasks: str = TASKS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.size = size
        self._limits = limits
        self._observer = observer
        self._signatures = signatures.of_tasks(import_module(tasks).TASKS)
        self._nursery = Nursery(tasks, limits, self._ended)
        self._now = now
        self._numbers = count(1)
        self._queue = Queue()
        self._idle: list[Worker] = []
        self._workers: dict[int, Worker] = {}
        self._closed = False

    @property
    def busy(self) -> int:
        return sum(bool(worker.jobs) for worker in self._workers.values())

    @property
    def idle(self) -> int:
        return len(self._idle)

    @property
    def queued(self) -> int:
        return len(self._queue)

    @property
    def waiting(self) -> dict[Priority, int]:
        """How many of the queued jobs there are of each class."""
        return self._queue.lengths()

    async def start(self) -> None:
        """Begin; returns when workers can be had in no time."""
        await self._nursery.start()
        await self._nursery.ready()

    async def close(self) -> None:
        """Kill every worker; who still waits gets SHUTTING_DOWN."""
        self._closed = True
        begun = [job for worker in self._workers.values() for job in worker.jobs]
        for job in (*self._queue, *begun):
            if not job.answer.done():
                job.answer.set_exception(_stopping())
        await self._nursery.close()
        for worker in self._workers.values():
            worker.close()
        self._workers.clear()

    def asked_by(self, claims: Claims) -> Asking:
        """Where to ask for tasks that these callers wait for; they may come and go meanwhile."""
        return Asking(self._do, claims)

    async def run(
        self,
        task: Callable[Concatenate[str, str, P], R],
        source: int | None,
        target: int | None,
        *arguments: P.args,
        **named: P.kwargs,
    ) -> R:
        """Have a task done as urgently as what somebody looks at; see `Asking.run`."""
        return await self.asked_by(Claims()).run(task, source, target, *arguments, **named)

    async def _do(
        self,
        task: str,
        source: int | None,
        target: int | None,
        arguments: tuple[object, ...],
        claims: Claims,
    ) -> Any:
        """See `Do`."""
        if self._closed:
            raise _stopping()
        job = job_of(next(self._numbers), task, source, target, arguments, claims)
        self._queue.join(job, self._now())
        self._assign()
        self._make_way(job)
        try:
            with claims.watched(lambda: self._reorder(job)):
                answer = await job.answer
            return result_of(task, answer, self._signatures[task].result)
        except asyncio.CancelledError:
            self._leave(job)
            raise
        except ImageError as error:
            self._observer.observe_failed_job(error.reason)
            raise

    def _assign(self) -> None:
        """Give queued jobs to workers, in order, while there are both."""
        now_seconds = self._now()
        while not self._closed and (job := self._queue.next(now_seconds)) is not None:
            worker = self._worker_for(job) or self._worker_that_need_not_wait(job)
            if worker is None:
                return
            self._queue.take(now_seconds)
            worker.take(job)

    def _reorder(self, job: Job) -> None:
        """Its claims have changed."""
        self._queue.settle(job)
        self._make_way(job)

    def _make_way(self, job: Job) -> None:
        """Take back what is only at hand where a more urgent job has to wait."""
        if job not in self._queue:
            return
        for worker in self._workers.values():
            behind = worker.at_hand
            if behind is not None and behind.gives_way_to(job) and worker.give_back():
                self._queue.put_back(behind)

    def _worker_that_need_not_wait(self, job: Job) -> Worker | None:
        """A busy one that may have the next job at hand.

        Only while there is work enough for every worker: at the end of a series, none shall
        have two jobs where another has none.
        """
        if len(self._queue) < self.size:
            return None
        workers = self._workers.values()
        return next((w for w in workers if w.jobs and w.may_have_at_hand(job)), None)

    def _worker_for(self, job: Job) -> Worker | None:
        while self._idle:
            # The last one used: its memory is warm, and the others' may be swapped out.
            worker = self._idle.pop()
            if not (worker.is_worn or (job.wants_fresh and worker.jobs_done)):
                return worker
            self._retire(worker)
        return self._spawn() if len(self._workers) < self.size else None

    def _spawn(self) -> Worker:
        worker = Worker(
            next(self._numbers), self._limits.wall_seconds, self._nursery.kill, self._answered
        )
        with worker.their_link:
            self._nursery.spawn(worker.number, worker.its_ends)
        self._workers[worker.number] = worker
        return worker

    def _retire(self, worker: Worker) -> None:
        del self._workers[worker.number]
        worker.close()

    def _answered(self, worker: Worker, job: Job, answer: wire.Answer) -> None:
        seconds = time.monotonic() - job.started_seconds
        again = (
            lacks_memory(answer)
            and worker.jobs_done > 1
            and job.tries < 2
            and not job.answer.done()
        )
        if again:
            # What codecs have leaked may be what is missing.
            job.wants_fresh = True
            self._queue.put_back(job)
        # The next job first: the worker shall not wait while this answer is looked at.
        if worker.number in self._workers:
            if not worker.jobs:
                self._idle.append(worker)
            self._assign()
        self._observer.observe_job(job.task, seconds)
        if not again and not job.answer.done():
            job.answer.set_result(answer)

    def _ended(self, number: int, status: int | None) -> None:
        worker = self._workers.pop(number, None)
        if worker is None:
            return  # it was retired
        worker.hear_out()
        if worker in self._idle:
            self._idle.remove(worker)
        worker.close()
        cause = cause_of(status, worker.verdict)
        self._observer.observe_worker_death(cause)
        if worker.jobs:
            guilty, *innocent = worker.jobs
            for job in innocent:
                if not job.answer.done():
                    self._queue.put_back(job)
            self._settle(guilty, cause, was_used=worker.jobs_done > 0)
        self._assign()

    def _settle(self, job: Job, cause: Cause, *, was_used: bool) -> None:
        """Decide about the job that a worker died of."""
        if job.answer.done():
            return
        if deserves_another_try(cause, was_used=was_used, tries=job.tries):
            job.wants_fresh = True
            self._queue.put_back(job)
        else:
            job.answer.set_exception(error_of(cause))

    def _leave(self, job: Job) -> None:
        self._queue.leave(job)
        for worker in self._workers.values():
            worker.leave(job)


def _stopping() -> ShuttingDown:
    return ShuttingDown("The daemon is stopping. Connect again when it is back.")
