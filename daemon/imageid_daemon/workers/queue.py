"""The jobs that wait for a worker, in the order that `turn_order` decides by their claims.

Pure: the time is passed in.
"""

from __future__ import annotations

from collections.abc import Iterator

from imageid_daemon.callers import Priority
from imageid_daemon.turn_order import Line, Place
from imageid_daemon.workers.job import Job


class Queue:
    """Jobs, each as urgent as the most urgent of its claims at every moment."""

    def __init__(self) -> None:
        self._line = Line()
        self._jobs: dict[Place, Job] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[Job]:
        return iter(self._jobs.values())

    def __contains__(self, job: Job) -> bool:
        return job.place in self._jobs

    def lengths(self) -> dict[Priority, int]:
        """How many wait in each class."""
        return self._line.lengths()

    def join(self, job: Job, now_seconds: float) -> None:
        """Have a new job wait."""
        job.place = self._line.join(job.claims.foremost, now_seconds)
        self._jobs[job.place] = job

    def put_back(self, job: Job) -> None:
        """Have a job wait again that was taken and not done: it goes first in its class."""
        if job.place is not None:
            self._line.put_back(job.place, job.claims.foremost)
            self._jobs[job.place] = job

    def settle(self, job: Job) -> None:
        """Its claims have changed; nothing happens where it does not wait."""
        if job.place is not None:
            self._line.move(job.place, job.claims.foremost)

    def leave(self, job: Job) -> None:
        """Nobody wants it any more; nothing happens where it does not wait."""
        if job.place in self._jobs:
            self._line.leave(job.place)
            del self._jobs[job.place]

    def next(self, now_seconds: float) -> Job | None:
        """Whose turn is the next, None when none waits."""
        place = self._line.next(now_seconds)
        return None if place is None else self._jobs[place]

    def take(self, now_seconds: float) -> Job | None:
        """Give the next turn, to the job that `next` tells."""
        place = self._line.take(now_seconds)
        return None if place is None else self._jobs.pop(place)
