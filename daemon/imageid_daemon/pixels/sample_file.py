"""Samples and pictures as files: written whole with their digest, read by mapping."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels.description import Layout

Samples = NDArray[Any]

_PIECE_BYTES = 1 << 20


def write(data: bytes | memoryview, target_path: str) -> tuple[int, bytes]:
    """Create or overwrite the file.

    Returns:
        Its size in bytes and its SHA-256.
    """
    view = memoryview(data).cast("B")
    digest = hashlib.sha256()
    with Path(target_path).open("wb") as target:
        # In pieces, so that each is hashed while it is still in the processor's cache.
        for start in range(0, len(view), _PIECE_BYTES):
            piece = view[start : start + _PIECE_BYTES]
            digest.update(piece)
            target.write(piece)
    return len(view), digest.digest()


def write_samples(samples: Samples, target_path: str) -> tuple[Layout, int, bytes]:
    """Write samples C-contiguous and little-endian.

    Returns:
        How to read them, the size of the file in bytes, and its SHA-256.
    """
    little = samples.astype(samples.dtype.newbyteorder("<"), order="C", copy=False)
    size_bytes, sha256 = write(little.reshape(-1).view(np.uint8).data, target_path)
    return Layout(little.dtype.name, little.shape, little.strides), size_bytes, sha256


def map_samples(path: str, layout: Layout) -> Samples:
    """Map a file that `write_samples` wrote, read-only."""
    dtype = np.dtype(layout.dtype).newbyteorder("<")
    return np.memmap(path, dtype, "r", shape=layout.shape)
