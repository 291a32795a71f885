import sqlite3
from contextlib import closing

import pytest
from imageid_loader_sqlite import SqliteLoader

from imageid_loaders.base import Settings
from imageid_loaders.errors import ConfigurationError
from imageid_loaders.testing import LoaderTests

PNG = b"\x89PNG\r\n\x1a\n" + bytes(1_000_000)


class TestSqliteLoader(LoaderTests):
    uses_transport = False

    @pytest.fixture
    def loader(self, tmp_path):
        path = tmp_path / "archive.db"
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("CREATE TABLE images (file BLOB)")
            database.execute("INSERT INTO images (rowid, file) VALUES (42, ?)", (PNG,))
        table = {"path": str(path), "table": "images", "column": "file"}
        return SqliteLoader(Settings({"archive": table}))

    @pytest.fixture
    def image_id(self):
        return "sqlite://archive/42"

    @pytest.fixture
    def same_image_ids(self):
        return ["sqlite://ARCHIVE/042"]

    @pytest.fixture
    def invalid_image_ids(self):
        return ["sqlite://other/1", "sqlite://archive/one", "sqlite://archive/-1"]

    @pytest.fixture
    def missing_image_id(self):
        return "sqlite://archive/43"


def test_every_mistake_in_the_configuration_is_named():
    table = {"path": "/data/archive.db", "tabel": "images"}

    with pytest.raises(
        ConfigurationError, match=r"archive\.table .*archive\.column .*archive\.tabel "
    ):
        SqliteLoader(Settings({"archive": table}))
