"""Rounds that begin with nothing in the cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.measuring import Round
from daemon_process import DaemonProcess


def anew(directory: Path, way: Callable[[str], Round]) -> Round:
    """The same with a new daemon, whose start takes none of its time.

    Rather than with one whose cache is emptied: a file system without a journal (ext4) looks at
    each inode that was lately deleted before it makes a file, which took a third of the time.

    Args:
        way: of a daemon's address.
    """

    async def once() -> float:
        async with DaemonProcess(Path(mkdtemp(dir=directory))) as daemon:
            return await way(daemon.address)()

    return once
