"""How many files this process holds open."""

from pathlib import Path


def open_files() -> int:
    """Files on a disk and in memory.

    Sockets and pipes are left out: those of earlier tests go when they like.
    """
    targets = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            targets.append(str(link.readlink()))
        except OSError:
            continue  # the listing's own descriptor
    return sum(target.startswith("/") and not target.startswith("/dev/") for target in targets)
