"""The script that brings what the tests need."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "ops/install-test-tools.sh"
NOBODY = 65534
COREUTILS = ("sh", "sort", "sed", "tr", "id")


@pytest.fixture
def bare_path() -> Iterator[str]:
    """A PATH with coreutils, without Node, npm, Go, apt-get and sudo.

    Not in pytest's folder, which is for its owner alone: the script runs as nobody.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        for name in COREUTILS:
            executable = shutil.which(name)
            assert executable
            (Path(folder) / name).symlink_to(executable)
        yield folder


def test_where_everything_is_there_it_installs_nothing_and_says_nothing() -> None:
    done = subprocess.run([SCRIPT], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_who_cannot_install_is_told_the_packages(bare_path: str) -> None:
    as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}

    with SCRIPT.open() as script:
        done = subprocess.run(
            ["/bin/sh", "-s"],
            stdin=script,
            cwd="/",
            env={"PATH": bare_path},
            capture_output=True,
            text=True,
            check=False,
            **as_nobody,
        )

    assert done.returncode == 1
    assert "nodejs npm golang-go" in done.stderr
    assert "sudo apt-get install --no-install-recommends" in done.stderr
