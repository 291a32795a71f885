"""What a worker's end means for the job that it was at. Pure."""

from __future__ import annotations

import signal
from typing import Literal

from imageid_loaders.errors import DecodeLimit, ImageError, Undecodable

Cause = Literal["crash", "exit", "garbage", "processor time", "deadline", "abandoned", "killed"]

CAUSES: tuple[Cause, ...] = (
    "crash", "exit", "garbage", "processor time", "deadline", "abandoned", "killed",
)  # fmt: skip

# The job may have suffered from what another left behind in the worker.
_INHERITABLE: frozenset[Cause] = frozenset(("crash", "exit", "garbage", "killed"))


class Crashed(Undecodable):
    """The image made its worker crash; another try would cost another worker."""


class Interrupted(DecodeLimit):
    """Something outside of the daemon killed the worker: it says little of the image."""


def cause_of(status: int | None, verdict: Cause | None) -> Cause:
    """Say why a worker ended.

    Args:
        status: its exit code, or a negative signal number; None where nobody knows.
        verdict: why the daemon killed it, if it did.
    """
    if verdict is not None:
        return verdict
    if status is None or status == -signal.SIGKILL:
        return "killed"
    if status == -signal.SIGXCPU:
        return "processor time"
    return "crash" if status < 0 else "exit"


def deserves_another_try(cause: Cause, *, was_used: bool, tries: int) -> bool:
    """Whether the job may be innocent; then it is tried once more, in a fresh worker.

    Args:
        was_used: the worker had done other jobs before.
        tries: so far.
    """
    return tries < 2 and (cause == "killed" or (was_used and cause in _INHERITABLE))


def error_of(cause: Cause) -> ImageError:
    """What the callers of the guilty job are told."""
    if cause in ("processor time", "deadline"):
        return DecodeLimit(
            "the image was not decoded because that takes longer than an image may take; "
            "ask for ENCODED, or raise [decode] timeout"
        )
    if cause in ("killed", "abandoned"):
        return Interrupted(
            "the image was not decoded because its worker was killed, most likely for want of "
            "memory; free some memory and try again, or ask for ENCODED"
        )
    return Crashed(
        "the image cannot be decoded because its bytes make the decoder crash; "
        "ask for ENCODED to get them as they are"
    )
