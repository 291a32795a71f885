"""imagecodecs alone: from codestreams in memory to arrays in memory."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from imagecodecs import jpeg2k_decode

from benchmarks.measuring import Taken, digest_of


def decode(codestreams: Sequence[bytes]) -> Taken:
    """One after the other, on the one processor of this process."""
    started = perf_counter()
    arrays = [jpeg2k_decode(codestream, numthreads=1) for codestream in codestreams]
    return Taken(perf_counter() - started, digest_of(arrays))
