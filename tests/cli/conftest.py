"""The command line, run in this process or in one of its own, against a scripted daemon."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from clients.python.scripted_daemon import ScriptedDaemon
from imageid_daemon.cli import main


@dataclass(frozen=True, slots=True)
class Outcome:
    exit_code: int
    stdout: str
    stderr: str


Run = Callable[..., Outcome]


@pytest.fixture
def scripted() -> Iterator[ScriptedDaemon]:
    # The path of a socket has 107 bytes at most, which pytest's own directories may exceed.
    with tempfile.TemporaryDirectory() as directory, ScriptedDaemon(Path(directory)) as daemon:
        yield daemon


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the developer's own daemon and configuration."""
    monkeypatch.delenv("IMAGEID_ENDPOINT", raising=False)
    monkeypatch.delenv("IMAGEID_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    monkeypatch.setenv("IMAGEID_RUNTIME_DIR", str(tmp_path / "run"))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """`imageid` with these arguments, in this process."""

    def in_this_process(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["imageid", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        stdout, stderr = capfd.readouterr()
        return Outcome(ended.value.code or 0, stdout, stderr)

    return in_this_process


@pytest.fixture
def run_with_daemon(run: Run, scripted: ScriptedDaemon) -> Run:
    """`imageid` with these arguments, which finds the scripted daemon."""
    return lambda *arguments: run("--endpoint", scripted.address, *arguments)
