"""A loader from another distribution, as a stranger writes, installs and tests it."""

import os
import subprocess
import sys
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "loaders" / "example_sqlite"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Where `pip install` has put the example and nothing else."""
    target = tmp_path_factory.mktemp("installed")
    # With the build tool at hand nothing has to be fetched.
    offline = ["--no-build-isolation", "--no-index"] if find_spec("hatchling") else []
    options = ["--quiet", "--no-deps", "--disable-pip-version-check", *offline]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", target, EXAMPLE]
    subprocess.run(command, check=True)
    return target


def run(installed, cwd, *arguments):
    path = os.pathsep.join([str(installed), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_scheme_is_found_by_its_entry_point(installed):
    (distribution,) = distributions(path=[str(installed)])

    (entry_point,) = distribution.entry_points.select(group="imageid.loaders")

    assert (entry_point.name, entry_point.value) == ("sqlite", "imageid_loader_sqlite:SqliteLoader")


def test_it_stands_beside_the_built_in_schemes(installed, tmp_path):
    program = (
        "from importlib.metadata import entry_points\n"
        "for each in entry_points(group='imageid.loaders'): print(each.name, each.load().name)"
    )

    shown = run(installed, tmp_path, "-c", program).stdout.splitlines()

    assert {"sqlite sqlite", "wadors wadors", "https http", "dicomfile file"} <= set(shown)


def test_it_passes_the_conformance_suite(installed, tmp_path):
    own = ["-c", os.devnull, f"--rootdir={tmp_path}", "--import-mode=importlib", "-W", "error"]
    # Its author needs no plug-in of ours.
    own += ["-p", "no:cacheprovider", "-p", "no:asyncio"]

    result = run(installed, tmp_path, "-m", "pytest", "-q", *own, EXAMPLE / "test_sqlite.py")

    assert result.returncode == 0, result.stdout
    assert " passed" in result.stdout


@pytest.mark.parametrize("name", ["pyproject.toml", "imageid_loader_sqlite.py", "test_sqlite.py"])
def test_the_tutorial_shows_the_example_as_it_is(name):
    language = "toml" if name.endswith(".toml") else "python"
    shown = f"```{language}\n{(EXAMPLE / name).read_text()}```\n"

    assert shown in (REPOSITORY / "loaders" / "README.md").read_text()
