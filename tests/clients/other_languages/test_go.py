"""The Go program, built and run as a user would."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daemon_process import DaemonProcess

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def load(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    program = tmp_path_factory.mktemp("go") / "load"
    _go(repository, "build", "-o", program, "./cmd/load")
    return [program]


def _go(repository: Path, *arguments: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["go", *arguments],
        cwd=repository / "clients/go",
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.mark.parametrize("image_id", ["example://1", "example://2"])
def test_go_receives_the_pixels_that_python_receives(
    load: list[Path],
    image_id: str,
    environment: dict[str, str],
    sha256_in_python: Callable[[str], str],
    run: Run,
) -> None:
    finished = run(load, image_id, environment)

    assert (finished.stdout.strip(), finished.stderr) == (sha256_in_python(image_id), "")


def test_a_failed_load_says_why_and_exits_with_an_error(
    load: list[Path], daemon: DaemonProcess, run: Run
) -> None:
    finished = run(load, "unheard-of://1", daemon.own_environment)

    assert finished.returncode != 0
    assert finished.stdout == ""
    assert "InvalidArgument" in finished.stderr


def test_without_a_daemon_it_says_where_it_looked(
    load: list[Path], tmp_path: Path, run: Run
) -> None:
    finished = run(load, "example://1", {"IMAGEID_RUNTIME_DIR": str(tmp_path)})

    assert finished.returncode != 0
    assert str(tmp_path / "endpoint.json") in finished.stderr


def test_the_module_passes_vet_and_gofmt(repository: Path) -> None:
    _go(repository, "vet", "./...")
    by_hand = [f for f in (repository / "clients/go").rglob("*.go") if ".pb." not in f.name]
    unformatted = subprocess.run(
        ["gofmt", "-l", *by_hand], capture_output=True, text=True, check=True
    )

    assert unformatted.stdout == ""
