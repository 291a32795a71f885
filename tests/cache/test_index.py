"""The index survives the process, and runs nothing that somebody planted in it."""

import pickle
import sqlite3

import pytest

from imageid_daemon.cache.index import Index, IndexDamaged, Row


class Planted:
    """Unpickling it would make a file."""

    def __init__(self, trace):
        self.trace = str(trace)

    def __reduce__(self):
        return (open, (self.trace, "w"))


def plant(directory, key, value, *, raw=1, mode=1, filename=None):
    database = sqlite3.connect(directory / "cache.db")
    with database:
        database.execute(
            "INSERT INTO Cache(key, raw, store_time, mode, filename, value, size)"
            " VALUES (?, ?, 0, ?, ?, ?, 1)",
            (key, raw, mode, filename, value),
        )
    database.close()


@pytest.fixture
async def index(tmp_path):
    opened = Index(tmp_path / "index")
    await opened.open()
    yield opened
    await opened.close()


async def test_rows_are_there_after_the_process(tmp_path):
    first = Index(tmp_path / "index")
    await first.open()
    await first.write(put=[Row("a", b"1"), Row("b", b"2")])
    await first.write(put=[Row("b", b"3")], delete=["a"])
    await first.close()

    second = Index(tmp_path / "index")
    await second.open()

    assert await second.scan(list) == [Row("b", b"3")]
    assert (await second.get("b"), await second.get("a")) == (b"3", None)
    await second.close()


async def test_a_pickled_value_is_refused_and_not_run(index, tmp_path):
    trace = tmp_path / "trace"
    plant(tmp_path / "index", "a", pickle.dumps(Planted(trace)), mode=4)

    with pytest.raises(IndexDamaged):
        await index.get("a")
    assert await index.scan(list) == []
    assert not trace.exists()


async def test_a_pickled_key_is_refused_and_not_run(index, tmp_path):
    trace = tmp_path / "trace"
    plant(tmp_path / "index", pickle.dumps(Planted(trace)), b"1", raw=0)

    assert await index.scan(list) == []
    assert not trace.exists()


async def test_a_path_written_into_the_index_is_neither_read_nor_deleted(index, tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("secret")
    plant(tmp_path / "index", "a", None, mode=2, filename="../outside")

    with pytest.raises(IndexDamaged):
        await index.get("a")
    await index.write(put=[Row("a", b"1")])
    await index.write(delete=["a"])

    assert await index.scan(list) == []
    assert outside.read_text() == "secret"


@pytest.mark.parametrize("content", [b"", b"no database" * 1000])
async def test_a_file_that_is_no_database_is_damage_and_no_crash(tmp_path, content):
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "cache.db").write_bytes(content)
    index = Index(tmp_path / "index")

    if content:
        with pytest.raises(IndexDamaged):
            await index.open()
    else:
        await index.open()
    await index.close()


async def test_a_change_that_fails_leaves_nothing_of_itself(index):
    with pytest.raises(IndexDamaged):
        await index.write(put=[Row("a", b"1"), Row("b", "text")])

    assert await index.scan(list) == []


async def test_its_files_are_the_owners_alone(index, tmp_path):
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "index").iterdir()} == {0o600}
