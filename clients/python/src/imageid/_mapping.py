"""A part of a file as read-only memory that costs no copy and keeps no descriptor."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from functools import cache
from mmap import ALLOCATIONGRANULARITY

_PROT_READ, _MAP_SHARED = 1, 1


def mapped(path: str, offset: int, length_bytes: int) -> memoryview:
    """These bytes of a file that is never changed, only unlinked.

    They stay readable for as long as the memoryview, or an array over it, lives: whatever
    becomes of the file meanwhile.

    Raises:
        OSError: there is no such file, or it cannot be read.
        ValueError: it does not reach that far.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if not 0 <= offset <= offset + length_bytes <= os.fstat(descriptor).st_size:
            raise ValueError("the file is shorter than was said")
        if not length_bytes:
            return memoryview(b"")  # nothing cannot be mapped
        try:
            return _map(descriptor, offset, length_bytes)
        except OSError:
            # A process has some ten thousands of mappings at most; memory it may have.
            return memoryview(os.pread(descriptor, length_bytes, offset))
    finally:
        os.close(descriptor)


class _Mapping:
    """Pages of memory, given back when nobody can read them any more."""

    __slots__ = ("_address", "_length_bytes", "_unmap")

    def __init__(self, address: int, length_bytes: int) -> None:
        self._address = address
        self._length_bytes = length_bytes
        self._unmap = _functions()[1]  # here still when the interpreter ends

    def __del__(self) -> None:
        self._unmap(self._address, self._length_bytes)


def _map(descriptor: int, offset: int, length_bytes: int) -> memoryview:
    # The mmap module would duplicate the descriptor for as long as the mapping lives (up to
    # Python 3.13, which has trackfd=False): a series of a thousand slices uses up all that a
    # process may have.
    before_bytes = offset % ALLOCATIONGRANULARITY
    mapped_bytes = before_bytes + length_bytes
    address = _functions()[0](
        None, mapped_bytes, _PROT_READ, _MAP_SHARED, descriptor, offset - before_bytes
    )
    if address == _MAP_FAILED:
        raise OSError(ctypes.get_errno(), "mmap")
    memory = (ctypes.c_ubyte * mapped_bytes).from_address(address)
    # A view of the memory holds the memory, and so the mapping. (ctypes is typed without it.)
    memory.mapping = _Mapping(address, mapped_bytes)  # type: ignore[attr-defined]
    return memoryview(memory).toreadonly().cast("B")[before_bytes:]


_MAP_FAILED = ctypes.c_void_p(-1).value


@cache
def _functions() -> tuple[Callable[..., int], Callable[..., int]]:
    """mmap and munmap of the C library."""
    library = ctypes.CDLL(None, use_errno=True)
    library.mmap.restype = ctypes.c_void_p
    library.mmap.argtypes = (
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_long,  # off_t of this function, on Linux and macOS alike
    )
    library.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
    return library.mmap, library.munmap
