"""Where the cache's index must not be: on a network file system."""

from pathlib import Path

import pytest

from imageid_daemon.instance import check_local
from imageid_daemon.mounts import network_file_system

MOUNTS = r"""
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
40 27 0:44 / /home rw,relatime shared:1 - nfs4 server:/home rw,vers=4.2
41 40 0:45 / /home/me/local rw - xfs /dev/sdb rw
42 27 0:46 / /mnt/with\040space rw - cifs //server/share rw
43 27 0:47 / /mnt/ssh rw - fuse.sshfs me@host:/ rw
44 27 0:48 / /mnt/disk rw - fuse.ntfs-3g /dev/sdc rw
45 27 0:49 / /mnt/twice rw - nfs server:/ rw
46 45 0:50 / /mnt/twice rw - ext4 /dev/sdd rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/cache", None),
        ("/home/me/cache", "nfs4"),
        ("/home/me/local/cache", None),
        ("/homeless", None),
        ("/mnt/with space/cache", "cifs"),
        ("/mnt/ssh", "fuse.sshfs"),
        ("/mnt/disk", None),
        ("/mnt/twice/cache", None),
    ],
)
def test_the_mount_that_a_folder_is_on_decides(folder, kind):
    assert network_file_system(Path(folder), MOUNTS) == kind


def test_a_table_that_cannot_be_read_speaks_against_nothing():
    assert network_file_system(Path("/home"), "nonsense\n1 2 - nfs") is None


def test_this_machines_own_folder_is_accepted(tmp_path):
    check_local(tmp_path, "[cache] directory")
