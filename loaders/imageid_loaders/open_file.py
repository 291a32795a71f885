"""A file held open for reading by threads, while the one who holds it may leave."""

from __future__ import annotations

import contextlib
import os
import threading

from imageid_loaders.errors import Unavailable


class OpenFile:
    """
    A cancelled caller leaves a thread behind that may still read. Without the lock, that
    thread could read another file, which has got the same descriptor number meanwhile.

    Args:
        descriptor: becomes this object's own.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def status(self) -> os.stat_result:
        return os.fstat(self._descriptor)

    def read(self, size_bytes: int, at: int) -> bytes:
        """At most so many bytes from that offset; fewer only at the file's end. Blocks.

        Raises:
            errors.Unavailable: the file system fails.
        """
        with self._lock:
            try:
                return os.pread(self._descriptor, size_bytes, at)
            except OSError as error:
                raise Unavailable(
                    "The file system failed to read the file: check the disk or network share."
                ) from error

    @property
    def descriptor(self) -> int:
        """Valid while this is open."""
        return self._descriptor

    def close(self) -> None:
        with self._lock:
            descriptor, self._descriptor = self._descriptor, -1
            if descriptor >= 0:
                os.close(descriptor)

    def __del__(self) -> None:
        # Whoever was cancelled while a thread opened the file never got to close it.
        with contextlib.suppress(OSError, AttributeError):
            self.close()
