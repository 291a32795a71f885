"""Space that is given up when nothing else helps."""

import pytest

from imageid_daemon.cache.ballast import Ballast, size_for

MIB = 2**20


@pytest.mark.parametrize(
    ("disk_bytes", "size_bytes"),
    [(0, MIB // 2), (8 * MIB, MIB // 2), (256 * MIB, 4 * MIB), (2**40, 16 * MIB)],
)
def test_it_is_a_small_share_of_the_disk(disk_bytes, size_bytes):
    assert size_for(disk_bytes) == size_bytes


def test_it_holds_real_space_until_it_is_dropped(tmp_path):
    ballast = Ballast(tmp_path / "ballast")

    ballast.take()

    assert (tmp_path / "ballast").stat().st_blocks * 512 >= ballast.size_bytes >= MIB // 2
    assert ballast.drop()
    assert not ballast.drop()
    assert ballast.size_bytes == 0
