"""All that the daemon does with bytes from outside, in this process."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from imageid_daemon.pixels import Encoded, decode, describe, dicom_json, index, locate
from imageid_loaders.errors import ImageError


def attempt(path: Path, name: str) -> str:
    """Read a mutant in every way; give "decoded", "refused …" or what is wrong."""
    try:
        if name.startswith("document"):
            what = Encoded("", "", dicom_json=path.read_bytes())
            describe(what)
            json.loads(dicom_json(what))
            return "decoded"
        what = Encoded(str(path), "application/octet-stream")
        index(what, f"{path}.index")
        locate(f"{path}.index", 2)
        describe(what)
        json.loads(dicom_json(what))
        return _decode(what, f"{path}.pixels")
    except ImageError as error:
        return f"refused: {error.reason}"


def _decode(what: Encoded, target_path: str) -> str:
    written = decode(what, "default", target_path)
    layout = written.description.layout
    assert layout is not None
    expected = int(np.prod(layout.shape)) * np.dtype(layout.dtype).itemsize
    actual = Path(target_path).stat().st_size
    return "decoded" if actual == written.size_bytes == expected else "wrong length"
