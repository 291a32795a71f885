"""The command as such: quick where nothing is loaded, and never a traceback."""

from __future__ import annotations

import subprocess
import sys

SLOW_TO_IMPORT = ("grpc", "numpy", "rich.progress", "pydicom", "imageid", "httpx")

IMPORTS = """
import sys
from imageid_daemon.cli import main
sys.argv = ["imageid", *sys.argv[1:]]
try:
    main()
except SystemExit:
    print(*sorted(sys.modules), file=sys.stderr)
"""


def imported_by(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def test_help_imports_nothing_slow() -> None:
    assert imported_by("--help").isdisjoint(SLOW_TO_IMPORT)


def test_version_imports_nothing_slow() -> None:
    assert imported_by("version").isdisjoint(SLOW_TO_IMPORT)


def test_no_arguments_show_the_help(run) -> None:
    done = run()

    assert "Usage: imageid" in done.stdout + done.stderr


def test_no_color_is_honoured(run, monkeypatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")

    assert "\x1b[3" not in run("--help").stdout
