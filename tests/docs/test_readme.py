"""What the README says is so: its tables equal the code, and its examples run."""

import re
import shlex
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from daemon_process import DaemonProcess
from demo.cases import every_case
from demo.table import REPRESENTATIONS
from imageid_daemon.config import load, settings_table
from imageid_daemon.pixels import transfer_syntax
from origins.dicomweb import DicomwebOrigin

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path
    for path in REPOSITORY.rglob("*.md")
    if not {".venv", ".venv-generate", "node_modules", ".tools", ".pytest_cache"} & set(path.parts)
)


def between(text: str, name: str) -> str:
    return text.split(f"<!-- {name}: begin -->")[1].split(f"<!-- {name}: end -->")[0].strip()


def marked(text: str, language: str) -> list[str]:
    """The fenced blocks that the README promises to run."""
    pattern = rf"<!-- run -->\n```{language}\n(.*?)```"
    return re.findall(pattern, text, re.DOTALL)


def test_the_table_of_settings_is_the_codes(readme):
    assert between(readme, "settings") == settings_table().strip()


def test_the_table_of_transfer_syntaxes_is_the_codes(readme):
    assert between(readme, "syntaxes") == transfer_syntax.table().strip()


def test_the_table_of_schemes_names_every_installed_loader_and_no_other(readme):
    first_cells = [row.split("|")[1] for row in between(readme, "schemes").splitlines()[2:]]
    named = set(re.findall(r"`(\w+):`", " ".join(first_cells)))

    builtin = {
        point.name
        for point in entry_points(group="imageid.loaders")
        if point.dist is not None and point.dist.name == "imageid-daemon"
    }
    assert named == builtin


def test_the_demos_output_has_a_row_for_each_of_its_cases(readme, tmp_path):
    shown = between(readme, "demo")
    origin = DicomwebOrigin()

    for case in every_case(origin, origin, tmp_path):
        row = next((line for line in shown.splitlines() if line.startswith(case.label)), "")
        assert REPRESENTATIONS[str(case.output)] in row, case.label


async def test_the_commands_of_the_first_steps_run(readme, daemon: DaemonProcess, tmp_path):
    (transcript,) = marked(readme, "console")
    commands = [line.removeprefix("$ ") for line in transcript.splitlines()]
    assert len(commands) >= 5

    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "imageid"
        ran = subprocess.run(
            [sys.executable, "-m", "imageid_daemon.cli", *arguments],
            env=daemon.own_environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ran.returncode == 0, (command, ran.stderr)
        assert ran.stdout, command


async def test_the_python_example_runs(readme, daemon: DaemonProcess):
    (program,) = marked(readme, "python")

    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=daemon.own_environment,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "(256, 256) int16" in ran.stdout


def test_the_configuration_shown_is_one_that_the_daemon_accepts(readme, tmp_path):
    (shown,) = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    secret = tmp_path / "password"
    secret.write_text("x")
    secret.chmod(0o600)
    file = tmp_path / "config.toml"
    file.write_text(
        shown.replace(tomllib.loads(shown)["origins"]["pacs"]["password_file"], str(secret))
    )

    config = load(file=file, environ={"IMAGEID_RUNTIME_DIR": str(tmp_path)}).config

    assert set(config.origins) == {"pacs"}


@pytest.mark.parametrize("folder", ["proto", "daemon", "clients", "loaders", "tests", "ops"])
def test_each_top_level_folder_has_a_readme_of_its_own(folder):
    assert (REPOSITORY / folder / "README.md").stat().st_size > 500


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_every_link_to_a_file_leads_somewhere(document):
    text = document.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#\s]+)", text):
        if "://" not in link:
            assert (document.parent / link).exists(), link


def test_every_make_command_named_in_a_document_exists():
    targets = set(re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        named = set(re.findall(r"`make ([\w-]+)", document.read_text(encoding="utf-8")))
        assert named <= targets, document
