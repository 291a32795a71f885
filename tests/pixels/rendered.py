"""Pictures as a caller sees them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image

from imageid_daemon.pixels import Encoded, RenderedOptions, decode, render
from pixels.material import grey

_OPTIONS = tuple(RenderedOptions.__slots__)


def picture_bytes(
    path: str | Path,
    folder: Path,
    frame: int | None = None,
    media_type: str = "application/dicom",
    **options: Any,
) -> bytes:
    pixels, target = str(folder / "pixels"), folder / "picture"
    written = decode(Encoded(str(path), media_type, frame=frame), "default", pixels)
    result = render(pixels, written.description, RenderedOptions(**options), str(target))
    data = target.read_bytes()
    assert result.size_bytes == len(data)
    assert result.description.content_type == f"image/{options.get('format', 'png')}"
    return data


def picture(
    path: str | Path, folder: Path, frame: int | None = None, **options: Any
) -> tuple[np.ndarray, bytes]:
    """The samples of a picture, read by another library than wrote them, and its bytes."""
    data = picture_bytes(path, folder, frame, **options)
    with Image.open(folder / "picture") as image:
        return np.asarray(image), data


def deep_picture(path: str | Path, folder: Path, **options: Any) -> np.ndarray:
    """The samples of a PNG of 16 bits, of which Pillow reads half where it is coloured."""
    return imagecodecs.png_decode(picture_bytes(path, folder, bit_depth=16, **options))


def levels(folder: Path, stored: list[float], dtype: str = "int16", **attributes: Any) -> list[int]:
    """What the stored values of one row are shown as.

    Args:
        attributes: of the image, and options of the picture.
    """
    options = {name: attributes.pop(name) for name in _OPTIONS if name in attributes}
    path = grey(folder / "a.dcm", np.array([stored], dtype), **attributes)
    return picture(path, folder, **options)[0][0].tolist()
