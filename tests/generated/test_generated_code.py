"""The code that is checked in is what the contract generates today."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
TOOLS = Path(os.environ.get("TOOLS", REPOSITORY / ".venv-generate"))
GENERATED = {
    "Python": ("clients/python/src", "*_pb2*.py*"),
    "TypeScript": ("clients/typescript/src/gen", "*_pb.ts"),
    "Go": ("clients/go", "*.pb.go"),
}
PYTHON_MODULES = (
    "imageid.v1.types_pb2",
    "imageid.v1.image_service_pb2",
    "imageid.v1.image_service_pb2_grpc",
    "imageid.v1.cache_service_pb2",
    "imageid.v1.cache_service_pb2_grpc",
)


def generate(repository: Path, output: Path) -> None:
    subprocess.run(
        [repository / "ops/generate.sh", output], env=os.environ | {"TOOLS": str(TOOLS)}, check=True
    )


def files(root: Path, language: str) -> dict[str, bytes]:
    folder, pattern = GENERATED[language]
    found = (root / folder).rglob(pattern)
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in found
        if "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def regenerated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("regenerated")
    generate(REPOSITORY, output)
    return output


@pytest.fixture(scope="module")
def regenerated_after_a_change(regenerated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What comes of a copy of the contract in which a message was added.

    It comes after `regenerated`, which has installed the generators that it shares.
    """
    copy, output = tmp_path_factory.mktemp("repository"), tmp_path_factory.mktemp("changed")
    shutil.copytree(REPOSITORY / "proto", copy / "proto")
    (copy / "ops").mkdir()
    for script in ("generate.sh", "install-generators.sh"):
        shutil.copy(REPOSITORY / "ops" / script, copy / "ops")
    (copy / "clients").mkdir()
    (copy / "clients/typescript").symlink_to(REPOSITORY / "clients/typescript")
    (copy / ".tools").symlink_to(REPOSITORY / ".tools")
    with (copy / "proto/imageid/v1/types.proto").open("a") as contract:
        contract.write("\nmessage AddedByATest {}\n")
    generate(copy, output)
    return output


@pytest.mark.parametrize("language", GENERATED)
def test_regenerating_gives_exactly_what_is_checked_in(language: str, regenerated: Path) -> None:
    checked_in = files(REPOSITORY, language)

    assert checked_in
    assert files(regenerated, language) == checked_in


@pytest.mark.parametrize("language", GENERATED)
def test_a_changed_contract_changes_the_code_of_every_language(
    language: str, regenerated: Path, regenerated_after_a_change: Path
) -> None:
    assert files(regenerated_after_a_change, language) != files(regenerated, language)


def test_files_of_a_contract_that_is_gone_are_removed(tmp_path: Path) -> None:
    stale = tmp_path / "clients/go/imageid/v1/gone.pb.go"
    stale.parent.mkdir(parents=True)
    stale.touch()

    generate(REPOSITORY, tmp_path)

    assert not stale.exists()


def test_the_contract_passes_buf_lint() -> None:
    subprocess.run([TOOLS / "bin/buf", "lint"], cwd=REPOSITORY / "proto", check=True)


@pytest.mark.parametrize("module", PYTHON_MODULES)
def test_generated_python_imports_beside_the_installed_protobuf(module: str) -> None:
    assert importlib.import_module(module)
