"""How a worker's allocator treats memory that was freed."""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_KEPT_BYTES = 64 * 2**20


def keep_freed_memory() -> None:
    """Have malloc use a frame's memory again for the next.

    By default it gives large pieces back to the kernel at once, which clears each page anew
    when it is asked for again: for a frame of 512 KiB that takes as long as some codecs do.
    A no-op where the C library is not glibc.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        # The highest that glibc takes; larger pieces stay with the kernel.
        mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES // 2)
