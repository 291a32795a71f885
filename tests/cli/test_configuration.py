"""`imageid config path`, `show`, `init` and `validate`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imageid_daemon.config import SETTINGS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "imageid.toml"


def test_the_path_is_the_users_own_file(run, tmp_path: Path) -> None:
    own = tmp_path / "configuration" / "imageid" / "config.toml"

    assert run("config", "path").stdout == f"{own}\n"


def test_the_path_is_the_one_named(run, file: Path) -> None:
    assert run("--config", str(file), "config", "path").stdout == f"{file}\n"


def test_show_says_where_each_value_comes_from(run, file: Path, monkeypatch) -> None:
    file.write_text('[cache]\nsize = "1GiB"\n')
    monkeypatch.setenv("IMAGEID_CACHE_MIN_FREE", "7%")

    shown = json.loads(run("--config", str(file), "config", "show", "--json").stdout)

    assert shown["cache.size"] == {"value": "1GiB", "origin": f"file {file}"}
    assert shown["cache.min_free"]["origin"] == "environment IMAGEID_CACHE_MIN_FREE"
    assert shown["log.level"]["origin"] == "default"
    assert isinstance(shown["server.listen"]["value"], list)


def test_show_in_columns(run, file: Path) -> None:
    file.write_text('[cache]\nsize = "1GiB"\n')

    lines = run("--config", str(file), "config", "show").stdout.splitlines()

    assert [line.split(maxsplit=2) for line in lines if line.startswith("cache.size ")] == [
        ["cache.size", '"1GiB"', f"file {file}"]
    ]


def test_init_writes_every_setting_as_a_comment(run, file: Path) -> None:
    done = run("--config", str(file), "config", "init")

    written = file.read_text()
    assert done.stdout == f"{file}\n"
    assert all(f"# {setting.key} = " in written for setting in SETTINGS)


def test_what_init_writes_is_valid(run, file: Path) -> None:
    run("--config", str(file), "config", "init")

    done = run("--config", str(file), "config", "validate")

    assert (done.exit_code, done.stdout) == (0, f"{file}: valid\n")


def test_init_makes_the_folder(run, tmp_path: Path) -> None:
    run("config", "init")

    assert (tmp_path / "configuration" / "imageid" / "config.toml").is_file()


def test_init_leaves_what_is_there(run, file: Path) -> None:
    file.write_text("# mine\n")

    done = run("--config", str(file), "config", "init")

    assert done.exit_code == 1
    assert str(file) in done.stderr
    assert file.read_text() == "# mine\n"


def test_validate_names_every_problem(run, file: Path) -> None:
    file.write_text('[cache]\nsize = "big"\n[log]\nlevel = "loud"\n')

    done = run("--config", str(file), "config", "validate")

    assert done.exit_code == 1
    assert "cache.size" in done.stderr
    assert "log.level" in done.stderr


def test_validate_asks_the_loaders_too(run, file: Path) -> None:
    file.write_text("[loaders.absent]\nurl = 'x'\n")

    done = run("--config", str(file), "config", "validate")

    assert done.exit_code == 1
    assert "loaders.absent" in done.stderr


def test_without_a_file_the_defaults_are_valid(run) -> None:
    assert run("config", "validate").exit_code == 0


def test_a_file_that_is_named_must_be_there(run, tmp_path: Path) -> None:
    done = run("--config", str(tmp_path / "absent.toml"), "config", "validate")

    assert done.exit_code == 1
    assert "absent.toml" in done.stderr
