"""What an answer, or its absence, says of the server rather than of the image. Pure."""

from __future__ import annotations

from imageid_daemon.origins.connections import Unreached
from imageid_daemon.origins.gate import Outcome
from imageid_daemon.origins.retry import LONGEST_RETRY_AFTER_SECONDS
from imageid_loaders.errors import OriginTimeout

# A gateway says of the server behind it that it does not work. 500 is not among them: one
# broken image makes Orthanc say that, and the next image is well.
_FAILED = frozenset({502, 503, 504})
_SLOW = frozenset({429, 503, 504})


def of_status(status: int, retry_after_seconds: float | None) -> Outcome:
    """What an answer says.

    A 503 that says when to come again is no failure: an archive whose tapes are slow gives
    it for one study, while it delivers others. A 429 is about this client as a whole (RFC
    6585 section 4): what it asks for holds for all of its requests.
    """
    is_orderly = status == 503 and retry_after_seconds is not None
    return Outcome(
        failed=status in _FAILED and not is_orderly,
        slow=status in _SLOW,
        pause_seconds=min(retry_after_seconds or 0.0, LONGEST_RETRY_AFTER_SECONDS)
        if status == 429
        else 0.0,
    )


def of_failure(unreached: Unreached) -> Outcome | None:
    """None where it says nothing of the server: a bad certificate, a name that is none.

    Their error tells what to do, and must not give way to "left alone for a while".
    """
    if isinstance(unreached.error, OriginTimeout):
        return Outcome(failed=True, slow=True)
    return Outcome(failed=True) if unreached.is_temporary else None
