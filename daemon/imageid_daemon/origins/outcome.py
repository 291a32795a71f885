"""What an answer, or its absence, says of the server rather than of the image. Pure."""

from __future__ import annotations

from imageid_daemon.origins.connections import Unreached
from imageid_daemon.origins.gate import Outcome
from imageid_loaders.errors import OriginTimeout

# A gateway says of the server behind it that it does not work. 500 is not among them: one
# broken image makes Orthanc say that, and the next image is well.
_FAILED = frozenset({502, 503, 504})
_SLOW = frozenset({429, 503, 504})


def of_status(status: int) -> Outcome:
    return Outcome(failed=status in _FAILED, slow=status in _SLOW)


def of_failure(unreached: Unreached) -> Outcome | None:
    """None where it says nothing of the server: a bad certificate, a name that is none.

    Their error tells what to do, and must not give way to "left alone for a while".
    """
    if isinstance(unreached.error, OriginTimeout):
        return Outcome(failed=True, slow=True)
    return Outcome(failed=True) if unreached.is_temporary else None
