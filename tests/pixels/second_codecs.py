"""Files as dcmtk, GDCM and OpenJPEG's own tools write them, and read them again."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np

from pixels.material import path_of


def converted(name_or_path: str | Path, command: list[str], folder: Path) -> Path:
    """Run a converter of dcmtk or GDCM on a file.

    Args:
        command: the program and its options; source and target are added.
    """
    text = str(name_or_path)
    source = text if Path(text).is_absolute() else path_of(text)
    target = folder / f"{len(list(folder.iterdir()))}.dcm"
    subprocess.run([*command, source, str(target)], check=True, capture_output=True, timeout=60)
    assert target.exists(), command
    return target


def halved_chroma(
    folder: Path, across: int, down: int, *options: str, rows: int = 16, columns: int = 24
) -> bytes:
    """A JPEG 2000 codestream of random samples, chrominance having fewer of them.

    Args:
        folder: where `out.j2k` is left too.
    """
    octets = np.random.default_rng(422).integers(0, 256, 3 * rows * columns, np.uint8)
    (folder / "in.raw").write_bytes(octets.tobytes())  # plane by plane, each as long as it is
    form = f"{columns},{rows},3,8,u@1x1:{across}x{down}:{across}x{down}"
    plain = ("-F", form, "-n", "3", "-mct", "0")
    openjpeg("opj_compress", folder, "in.raw", "out.j2k", *plain, *options)
    return (folder / "out.j2k").read_bytes()


def openjpeg(program: str, folder: Path, source: str, target: str, *options: str) -> None:
    """Run one of OpenJPEG's tools in a folder."""
    command = [program, "-i", source, "-o", target, *options]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
