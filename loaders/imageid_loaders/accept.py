"""What to ask a WADO-RS server for, in which order, and what each one has taught.

The standard's Accept (PS3.18 section 8.7.5) is answered by 406, 400 or 500 somewhere, so
there is a cascade; it goes from the cheapest for the server to the most general. A
server's default would be cheap to ask for too, but makes it decompress (2 s instead of
10 ms for one frame of a long clip in Orthanc), hence it comes last.

A frame that a server fails on (500) is not asked for in another form: Orthanc 1.10 answers
that one from its own conversion, which swaps the halves of big-endian 32-bit samples and
mislabels HTJ2K. The whole instance, which is the stored file, is taken instead.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

FRAME = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
INSTANCE = 'multipart/related; type="application/dicom"; transfer-syntax=*'
METADATA = "application/dicom+json"
BULK_DATA = 'multipart/related; type="application/octet-stream"'
RENDERED = "image/jpeg"
ANY = "*/*"
# No Accept: the frame is cut out of the whole instance.
WHOLE_INSTANCE = "whole instance"

_CASCADES = {
    FRAME: (FRAME, ANY, WHOLE_INSTANCE),
    INSTANCE: (INSTANCE, "application/dicom; transfer-syntax=*", ANY),
    METADATA: (METADATA, "application/json", ANY),
    BULK_DATA: (BULK_DATA, "application/octet-stream", ANY),
}
_REFUSALS = {400, 406, 415, 500, 501}
_REFUSALS_OF_SERVER = {406, 415}
_FAILURES = {500, 501}


def is_refusal(status: int) -> bool:
    """Whether the status may be about the Accept field, so that another is worth a try.

    404 is none: what a server does not have it has in no other form.
    """
    return status in _REFUSALS


def is_failure_of_frame(accept: str, status: int) -> bool:
    """Whether the server cannot read this frame, so that only the whole instance is safe."""
    return accept == FRAME and status in _FAILURES


@dataclass(frozen=True, slots=True)
class Place:
    """Where an Accept was tried: scheme, host and port, and the series' URL."""

    server: str
    series: str


class AcceptMemory:
    """Which Accept worked where, for some minutes, so that a series pays the cascade once.

    A refusal by 406 or 415 is about the server. One by 400 or 500 may be about this image
    alone (Orthanc fails on some transfer syntaxes), and holds for its series: other images
    of the server must not pay for it by being decompressed.
    """

    def __init__(self, keep_seconds: float = 600.0, entries: int = 1024) -> None:
        self._keep_seconds = keep_seconds
        self._entries = entries
        self._learned: OrderedDict[tuple[str, str], tuple[str, float]] = OrderedDict()

    def order(self, accept: str, place: Place, now_seconds: float) -> tuple[str, ...]:
        """The values to try in turn for a resource whose first choice is `accept`."""
        cascade = _CASCADES.get(accept, (accept,))
        for scope in (place.series, place.server):
            worked, until_seconds = self._learned.get((scope, accept), ("", 0.0))
            if now_seconds < until_seconds:
                return (worked, *(value for value in cascade if value != worked))
        return cascade

    def learn(
        self, accept: str, worked: str, refusals: Sequence[int], place: Place, now_seconds: float
    ) -> None:
        """Note that `worked` did, after others had been answered by `refusals`."""
        if not refusals:
            return
        scope = place.server if _REFUSALS_OF_SERVER.issuperset(refusals) else place.series
        self._learned[scope, accept] = (worked, now_seconds + self._keep_seconds)
        self._learned.move_to_end((scope, accept))
        while len(self._learned) > self._entries:
            self._learned.popitem(last=False)
