"""One job: a message to a worker, the answer to come, and who waits for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Hashable
from dataclasses import dataclass

import msgspec

from imageid_daemon.callers import Claims
from imageid_daemon.turn_order import Place
from imageid_daemon.workers import wire
from imageid_loaders.errors import TooLarge


@dataclass(eq=False, slots=True)
class Job:
    """A message to a worker, and the answer to come.

    Args:
        number: no other job of the pool has it.
        descriptors: files that go with it; whoever waits for the answer keeps them open.
        claims: who waits for it; they may come and go meanwhile.
        kind: jobs of one kind take about as long as each other; None for those of no kind.
        place: in the queue; it keeps its age for the time when the job must wait again.
        tries: how many workers have had it.
        wants_fresh: only a worker without a past may have it.
    """

    number: int
    task: str
    payload: bytes
    descriptors: tuple[int, ...]
    claims: Claims
    answer: asyncio.Future[wire.Answer]
    kind: Hashable = None
    place: Place | None = None
    tries: int = 0
    wants_fresh: bool = False
    started_seconds: float = 0.0

    def gives_way_to(self, other: Job) -> bool:
        """Whether it may be taken back from a worker's hand for the other's sake."""
        came_by_age = self.place is not None and self.place.came_by_age
        is_less_urgent = self.claims.foremost.priority > other.claims.foremost.priority
        return is_less_urgent and not came_by_age


def job_of(
    number: int,
    task: str,
    source: int | None,
    target: int | None,
    arguments: tuple[object, ...],
    claims: Claims,
) -> Job:
    """Write the message.

    Raises:
        TooLarge: it would be longer than a worker may get.
    """
    encoded = msgspec.Raw(msgspec.msgpack.encode(arguments))
    message = wire.Job(number, task, encoded, source is not None, target is not None)
    payload = msgspec.msgpack.encode(message)
    if len(payload) > wire.PAYLOAD_LIMIT_BYTES:
        raise TooLarge(
            "the image was not decoded because its metadata document is too large for a worker; "
            "load the whole instance rather than the frame"
        )
    descriptors = tuple(each for each in (source, target) if each is not None)
    answer = asyncio.get_running_loop().create_future()
    return Job(number, task, payload, descriptors, claims, answer, _kind(task, source))


def _kind(task: str, source: int | None) -> Hashable:
    """Frames of one file take about as long as each other."""
    if source is None:
        return None
    found = os.fstat(source)
    return task, found.st_dev, found.st_ino
