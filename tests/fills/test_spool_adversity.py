"""A disk that refuses, and work that fails before it begins."""

import shutil

import pytest

from descriptors import open_files
from imageid_daemon.fills import Fills, Spool


async def test_a_spool_whose_folder_became_a_file_is_closed_without_an_error(tmp_path):
    folder = tmp_path / "spool"
    folder.mkdir()
    spool = Spool(folder / "1")
    shutil.rmtree(folder)
    folder.touch()

    spool.close()


async def test_work_that_cannot_even_begin_leaves_neither_descriptor_nor_file(tmp_path):
    def work(fill):
        raise OSError("too many open files")

    fills = Fills(lambda: tmp_path / "spool")
    before = open_files()

    with pytest.raises(OSError, match="too many"):
        async with fills.join("key", work):
            pass

    assert open_files() == before
    assert (list(tmp_path.iterdir()), len(fills)) == ([], 0)
