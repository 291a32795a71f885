"""Files as dcmtk and GDCM write them: codecs that share no code with those of the daemon."""

from __future__ import annotations

import subprocess
from pathlib import Path

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
