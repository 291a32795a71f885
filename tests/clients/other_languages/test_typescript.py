"""The TypeScript program, compiled and run in Node as a user would."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon_process import DaemonProcess

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def load(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str | Path]:
    """Compiled elsewhere: several processes may run these tests at a time."""
    package = repository / "clients/typescript"
    built = tmp_path_factory.mktemp("typescript")
    subprocess.run([repository / "ops/install-generators.sh"], check=True)
    shutil.copy(package / "package.json", built)
    (built / "node_modules").symlink_to(package / "node_modules")
    compiler = package / "node_modules/.bin/tsc"
    subprocess.run([compiler, "--project", package, "--outDir", built / "dist"], check=True)
    return ["node", built / "dist/examples/load.js"]


@pytest.mark.parametrize("image_id", ["example://1", "example://2"])
def test_typescript_receives_the_pixels_that_python_receives(
    load: list[str | Path],
    image_id: str,
    environment: dict[str, str],
    sha256_in_python: Callable[[str], str],
    run: Run,
) -> None:
    finished = run(load, image_id, environment)

    assert (finished.stdout.strip(), finished.stderr) == (sha256_in_python(image_id), "")


def test_a_failed_load_says_why_and_exits_with_an_error(
    load: list[str | Path], daemon: DaemonProcess, run: Run
) -> None:
    finished = run(load, "unheard-of://1", daemon.own_environment)

    assert finished.returncode != 0
    assert finished.stdout == ""
    assert "invalid_argument" in finished.stderr


def test_without_a_daemon_it_says_where_it_looked(
    load: list[str | Path], daemon: DaemonProcess, tmp_path: Path, run: Run
) -> None:
    elsewhere = daemon.own_environment | {"IMAGEID_RUNTIME_DIR": str(tmp_path)}

    finished = run(load, "example://1", elsewhere)

    assert finished.returncode != 0
    assert str(tmp_path / "endpoint.json") in finished.stderr


def test_the_lock_file_names_no_registry(repository: Path) -> None:
    """It would bind everybody to ours: hospitals have mirrors of their own."""
    lock = (repository / "clients/typescript/package-lock.json").read_text()

    assert "://" not in lock
    assert '"resolved"' not in lock
