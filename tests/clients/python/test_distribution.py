"""What the distribution promises: its names, its version, and how little it needs."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import imageid

PROJECT = Path(imageid.__file__).parents[2]

IMPORT_WITH_NOTHING_ELSE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in {"numpy", "google_crc32c", "imageid_daemon", "imageid_loaders", "grpc_status"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name.startswith("google.rpc"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())

import imageid
with imageid.connect(sys.argv[1]) as client:
    image = client.load("example://1")
    try:
        image.pixels
    except ImportError as error:
        print(bytes(image.data).decode(), error)
"""


def test_the_public_surface_is_this_and_no_more() -> None:
    assert sorted(imageid.__all__) == [
        "Client",
        "Error",
        "GeometryError",
        "Image",
        "ImageStream",
        "LookupTable",
        "Metadata",
        "Overlay",
        "PaletteColorLookupTable",
        "PetImage",
        "Pixels",
        "PrefetchProgress",
        "Prefetched",
        "Rendered",
        "RtDose",
        "UltrasoundRegion",
        "Volume",
        "__version__",
        "aio",
        "connect",
    ]


def test_both_clients_have_the_same_methods() -> None:
    def public(client: type) -> set[str]:
        return {name for name in dir(client) if not name.startswith("_")}

    assert public(imageid.Client) == public(imageid.aio.Client)


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]

    assert imageid.__version__ == project["version"]


def test_it_asks_for_grpcio_and_protobuf_alone() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]

    assert [name.partition(">")[0] for name in project["dependencies"]] == ["grpcio", "protobuf"]


def test_it_loads_images_where_nothing_else_is_installed(scripted) -> None:
    from clients.python.scripted_daemon import messages, says

    scripted.script("LoadImage", says(*messages(b"body")))

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_WITH_NOTHING_ELSE, scripted.address],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert done.stdout.startswith("body image.pixels needs numpy: pip install imageid[numpy]")
