"""A database that somebody else wrote in: refused, or harmless."""

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


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "index"


@pytest.fixture
async def index(folder):
    opened = Index(folder)
    await opened.open()
    await opened.write(put=[Row("kept", b"1")])
    yield opened
    await opened.close()


def execute(folder, statement, *values):
    database = sqlite3.connect(folder / "cache.db")
    with database:
        database.execute(statement, values)
    database.close()


def plant(folder, *, key="planted", raw=1, mode=1, filename=None, value=None):
    execute(
        folder,
        "INSERT INTO Cache(key, raw, store_time, mode, filename, value, size)"
        " VALUES (?, ?, 0, ?, ?, ?, 1)",
        key,
        raw,
        mode,
        filename,
        value,
    )


@pytest.mark.parametrize("mode", [0, 2, 3, 4, 99])
async def test_a_row_of_a_foreign_mode_is_refused_and_hides_no_other(index, folder, mode):
    plant(folder, mode=mode, value=b"1")

    with pytest.raises(IndexDamaged):
        await index.get("planted")
    assert await index.scan(list) == [Row("kept", b"1")]


@pytest.mark.parametrize("value", ["text", 7, 1.5, None])
async def test_a_value_that_is_not_bytes_is_refused(index, folder, value):
    plant(folder, value=value)

    with pytest.raises(IndexDamaged):
        await index.get("planted")
    assert await index.scan(list) == [Row("kept", b"1")]


@pytest.mark.parametrize("mode", [1, 2, 4])
async def test_an_outside_file_is_never_unpickled_read_or_deleted(index, folder, tmp_path, mode):
    trace, outside = tmp_path / "trace", tmp_path / "outside"
    outside.write_bytes(pickle.dumps(Planted(trace)))
    before = outside.read_bytes()
    plant(folder, mode=mode, filename=str(outside))

    with pytest.raises(IndexDamaged):
        await index.get("planted")
    await index.write(put=[Row("planted", b"2")])

    assert await index.get("planted") == b"2"
    assert not trace.exists()
    assert outside.read_bytes() == before


async def test_deleting_a_row_leaves_the_outside_file_that_it_names(index, folder, tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("somebody's file")
    plant(folder, mode=2, filename="../outside")

    await index.write(delete=["planted"])

    assert await index.get("planted") is None
    assert outside.read_text() == "somebody's file"


async def test_opening_a_database_runs_no_pickle_and_touches_no_outside_file(folder, tmp_path):
    first, second = Index(folder), Index(folder)
    await first.open()
    await first.close()
    trace, outside = tmp_path / "trace", tmp_path / "outside"
    outside.write_text("somebody's file")
    plant(folder, key="a", mode=4, value=pickle.dumps(Planted(trace)))
    plant(folder, key=pickle.dumps(Planted(trace)), raw=0, value=b"1")
    plant(folder, key="b", mode=2, filename="../outside")

    await second.open()

    assert await second.scan(list) == []
    await second.close()
    assert not trace.exists()
    assert outside.read_text() == "somebody's file"


async def test_a_setting_that_diskcache_does_not_know_is_damage_and_no_crash(folder):
    first, second = Index(folder), Index(folder)
    await first.open()
    await first.close()
    execute(folder, "INSERT INTO Settings VALUES ('disk_unknown', 1)")

    with pytest.raises(IndexDamaged):
        await second.open()
    await second.close()


async def test_a_change_that_sqlite_refuses_leaves_every_row_as_it_was(index, folder):
    execute(
        folder,
        "CREATE TRIGGER refuses BEFORE INSERT ON Cache WHEN NEW.key = 'bad'"
        " BEGIN SELECT RAISE(ABORT, 'refused'); END",
    )

    with pytest.raises(OSError, match="does not take the change"):
        await index.write(put=[Row("good", b"2"), Row("bad", b"3")], delete=["kept"])

    assert await index.scan(list) == [Row("kept", b"1")]


async def test_after_a_change_that_failed_the_next_one_is_taken(index):
    with pytest.raises(IndexDamaged):
        await index.write(put=[Row("a", "text")], delete=["kept"])

    await index.write(put=[Row("b", b"2")])

    assert sorted(name for name, _ in await index.scan(list)) == ["b", "kept"]


async def test_nothing_of_the_index_is_a_file_of_its_own_however_large(index, folder):
    before = sorted(file.name for file in folder.iterdir())

    await index.write(put=[Row("large", b"x" * 2**20)])

    assert await index.get("large") == b"x" * 2**20
    assert sorted(file.name for file in folder.iterdir()) == before
