"""What a worker's answer means to whoever asked; no more of it is believed than must be."""

from __future__ import annotations

import os
from itertools import islice
from typing import Any

import msgspec
import structlog

from imageid_daemon.workers import wire
from imageid_daemon.workers.outcome import error_of
from imageid_loaders.errors import (
    DecodeLimit,
    ImageError,
    InvalidOption,
    NotFound,
    TooLarge,
    Undecodable,
    Unsupported,
)

# What a task may raise. A worker's word for anything else is not taken.
_ERRORS: dict[str, type[ImageError]] = {
    error.reason: error
    for error in (DecodeLimit, InvalidOption, NotFound, TooLarge, Undecodable, Unsupported)
}
_TEXT_CHARACTERS = 500
_FACTS = 4
_STACK_CHARACTERS = 4000

log = structlog.get_logger("imageid.workers")


class TaskBroken(Exception):
    """A bug in a task; the log has its stack."""


def result_of(task: str, answer: wire.Answer, decoder: msgspec.msgpack.Decoder[Any]) -> Any:
    """The result of a task.

    Raises:
        ImageError: the task raised it, or the answer is none.
        OSError: the file system refused the source or the target.
        TaskBroken: the task raised something else.
    """
    if isinstance(answer, wire.Done):
        try:
            return decoder.decode(answer.result)
        except msgspec.MsgspecError:
            raise error_of("garbage") from None
    if isinstance(answer, wire.FileRefused):
        raise OSError(answer.errno, os.strerror(answer.errno))
    if isinstance(answer, wire.Failed):
        raise _error(answer)
    log.error(
        "a task failed unexpectedly",
        task=task, error=answer.error[:_TEXT_CHARACTERS], stack=answer.stack[-_STACK_CHARACTERS:],
    )  # fmt: skip
    raise TaskBroken(task)


def lacks_memory(answer: wire.Answer) -> bool:
    """Whether a worker with more memory to itself may do better."""
    return isinstance(answer, wire.Failed) and answer.reason == DecodeLimit.reason


def _error(answer: wire.Failed) -> ImageError:
    error = _ERRORS.get(answer.reason, Undecodable)(answer.message[:_TEXT_CHARACTERS])
    facts = islice(answer.metadata.items(), _FACTS)
    error.metadata = {name[:_TEXT_CHARACTERS]: fact[:_TEXT_CHARACTERS] for name, fact in facts}
    return error
