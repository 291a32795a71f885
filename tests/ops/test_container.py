"""The container file, as far as it can be judged without building it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imageid_daemon.config import SETTINGS

REPOSITORY = Path(__file__).parents[2]
CONTAINERFILE = (REPOSITORY / "ops/Containerfile").read_text()
ADMITTED = (REPOSITORY / "ops/Containerfile.dockerignore").read_text().splitlines()


def sources() -> list[str]:
    """What is copied out of the repository."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", CONTAINERFILE, re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


@pytest.mark.parametrize("source", sources())
def test_what_is_copied_exists_and_is_sent_to_the_builder(source: str) -> None:
    assert (REPOSITORY / source).exists()
    assert f"!{source}" in ADMITTED


def test_nothing_but_what_is_copied_is_sent_to_the_builder() -> None:
    assert ADMITTED[0] == "*"
    assert {line[1:] for line in ADMITTED if line.startswith("!")} == set(sources())


def test_the_last_user_is_a_number_that_is_not_root() -> None:
    last = re.findall(r"^USER (\S+)$", CONTAINERFILE, re.MULTILINE)[-1]

    assert int(last) > 0


def test_it_sets_only_variables_that_the_daemon_reads() -> None:
    known = {setting.variable for setting in SETTINGS} | {"IMAGEID_RUNTIME_DIR"}

    assert set(re.findall(r"(IMAGEID_\w+)=", CONTAINERFILE)) <= known
