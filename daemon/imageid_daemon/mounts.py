"""On what kind of file system a folder is.

SQLite's log needs shared memory and locks that network file systems do not give
(sqlite.org/wal.html, sqlite.org/faq.html#q5): a database there is damaged sooner or later.
"""

from __future__ import annotations

import re
from pathlib import Path

# As the kernel names them; those of FUSE are told by what stands behind the dot.
_NETWORK = frozenset(
    {
        "9p",
        "acfs",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "fhgfs",
        "gfs",
        "gfs2",
        "glusterfs",
        "gpfs",
        "juicefs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "panfs",
        "pvfs2",
        "rclone",
        "s3fs",
        "smb3",
        "smbfs",
        "sshfs",
        "webdavfs",
    }
)
_ESCAPED = re.compile(r"\\([0-7]{3})")


def network_file_system(directory: Path, mounts: str | None = None) -> str | None:
    """The type of the network file system that a folder is on; None for a local one.

    Args:
        mounts: as in /proc/self/mountinfo (proc_pid_mountinfo(5)).
    """
    if mounts is None:
        try:
            mounts = Path("/proc/self/mountinfo").read_text()
        except OSError:
            return None  # not Linux, or no /proc: nothing speaks against it
    kind = _kind(directory.resolve(), mounts)
    return kind if kind.removeprefix("fuse.").split(".")[0] in _NETWORK else None


def _kind(directory: Path, mounts: str) -> str:
    found, depth = "", -1
    for line in mounts.splitlines():
        before, dash, after = line.partition(" - ")
        fields = before.split(" ")
        if not dash or len(fields) < 5:
            continue
        point = Path(_ESCAPED.sub(lambda octal: chr(int(octal[1], 8)), fields[4]))
        # The last of equals lies on top.
        if directory.is_relative_to(point) and len(point.parts) >= depth:
            found, depth = after.split(" ")[0], len(point.parts)
    return found
