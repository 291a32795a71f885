"""Samples and pictures as files: written whole, read by mapping."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels.description import Layout

Samples = NDArray[Any]


def write(data: bytes | memoryview, target_path: str) -> int:
    """Create or overwrite the file; give its size in bytes."""
    target = os.open(target_path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        # Not O_TRUNC: ext4 takes it for a replacement of the file and flushes it when closed.
        if os.fstat(target).st_size > 0:
            os.ftruncate(target, 0)
        rest = view = memoryview(data).cast("B")
        while rest:
            # The kernel takes 2 GiB at once at most.
            rest = rest[os.write(target, rest) :]
    finally:
        os.close(target)
    return len(view)


def write_samples(samples: Samples, target_path: str) -> tuple[Layout, int]:
    """Write samples C-contiguous and little-endian.

    Returns:
        How to read them, and the size of the file in bytes.
    """
    little = samples.astype(samples.dtype.newbyteorder("<"), order="C", copy=False)
    size_bytes = write(little.reshape(-1).view(np.uint8).data, target_path)
    return Layout(little.dtype.name, little.shape, little.strides), size_bytes


def map_samples(path: str, layout: Layout) -> Samples:
    """Map a file that `write_samples` wrote, read-only."""
    dtype = np.dtype(layout.dtype).newbyteorder("<")
    return np.memmap(path, dtype, "r", shape=layout.shape)
