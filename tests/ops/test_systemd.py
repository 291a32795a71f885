"""The units, judged by systemd's own tool."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from imageid_daemon.config import SETTINGS

SYSTEMD = Path(__file__).parents[2] / "ops/systemd"
USER_UNIT = SYSTEMD / "user/imageidd.service"
SYSTEM_UNIT = SYSTEMD / "system/imageidd@.service"
HIGHEST_EXPOSURE = 20  # of 100; 20 is where systemd begins to speak of exposure
VARIABLES = {setting.variable for setting in SETTINGS} | {"IMAGEID_CONFIG", "IMAGEID_RUNTIME_DIR"}


def analyze(*arguments: str | Path, runtime: Path) -> subprocess.CompletedProcess[str]:
    """`systemd-analyze`; its user manager wants a runtime directory of its own."""
    return subprocess.run(
        ["systemd-analyze", *arguments],
        env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(runtime)},
        capture_output=True,
        text=True,
        check=False,
    )


def instance(unit: str, folder: Path) -> Path:
    """The system unit as systemd would make it for one account."""
    path = folder / "imageidd@viewer.service"
    path.write_text(unit)
    return path


def exposed_too_much(unit: Path, runtime: Path) -> bool:
    judged = analyze(
        "security", "--offline=true", f"--threshold={HIGHEST_EXPOSURE}", unit, runtime=runtime
    )
    assert "Overall exposure level" in judged.stdout, judged.stderr
    return judged.returncode != 0


def test_systemd_accepts_the_user_unit(tmp_path: Path) -> None:
    verified = analyze("verify", "--man=no", "--user", USER_UNIT, runtime=tmp_path)

    assert (verified.returncode, verified.stderr) == (0, "")


def test_systemd_accepts_the_system_unit(tmp_path: Path) -> None:
    unit = instance(SYSTEM_UNIT.read_text(), tmp_path)

    verified = analyze("verify", "--man=no", unit, runtime=tmp_path)

    assert (verified.returncode, verified.stderr) == (0, "")


def test_a_setting_that_systemd_does_not_know_is_noticed(tmp_path: Path) -> None:
    misspelt = SYSTEM_UNIT.read_text().replace("NoNewPrivileges=", "NoNewPriviledges=")

    verified = analyze("verify", "--man=no", instance(misspelt, tmp_path), runtime=tmp_path)

    assert "NoNewPriviledges" in verified.stderr


def test_the_system_unit_exposes_little(tmp_path: Path) -> None:
    assert not exposed_too_much(instance(SYSTEM_UNIT.read_text(), tmp_path), tmp_path)


@pytest.mark.parametrize("protection", ["SystemCallFilter", "CapabilityBoundingSet"])
def test_a_system_unit_without_a_protection_exposes_too_much(
    protection: str, tmp_path: Path
) -> None:
    weaker = re.sub(rf"^{protection}=.*\n", "", SYSTEM_UNIT.read_text(), flags=re.MULTILINE)

    assert exposed_too_much(instance(weaker, tmp_path), tmp_path)


@pytest.mark.parametrize("unit", [USER_UNIT, SYSTEM_UNIT], ids=lambda path: path.parent.name)
def test_the_units_set_only_variables_that_the_daemon_reads(unit: Path) -> None:
    assert set(re.findall(r"^Environment=(IMAGEID_\w+)", unit.read_text(), re.MULTILINE)) <= (
        VARIABLES
    )


@pytest.mark.parametrize("unit", [USER_UNIT, SYSTEM_UNIT], ids=lambda path: path.parent.name)
def test_the_units_pass_no_flags(unit: Path) -> None:
    """A flag would win over the file that its reader edits."""
    assert "\nExecStart=/usr/bin/env imageidd\n" in unit.read_text()
