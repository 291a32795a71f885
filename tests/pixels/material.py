"""Files to decode: those that pydicom ships, and those made here."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import data_store
import numpy as np
import pydicom
from pydicom import Dataset, FileDataset
from pydicom.data import get_testdata_file
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import pixel_array
from pydicom.uid import (
    UID,
    AllTransferSyntaxes,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    RLELossless,
    SecondaryCaptureImageStorage,
)

from imageid_daemon.pixels import Description, Encoded, decode
from imageid_daemon.pixels.transfer_syntax import DEFLATED

ROOTS = (
    Path(pydicom.__file__).parent / "data" / "test_files",
    Path(data_store.__file__).parent / "data",
)


def path_of(name: str) -> str:
    """A file that pydicom or pydicom-data ships."""
    found = get_testdata_file(name, download=False)
    assert isinstance(found, str), f"{name} is not installed"
    return found


def dataset(name_or_path: str) -> FileDataset:
    """Read with pydicom, whatever it has to complain about."""
    path = name_or_path if Path(name_or_path).is_absolute() else path_of(name_or_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(path, force=True)


def corpus() -> list[Path]:
    """Every shipped file that has pixel data."""
    files = (path for root in ROOTS for path in sorted(root.rglob("*")) if path.is_file())
    return [path for path in files if _has_pixel_data(path)]


def _has_pixel_data(path: Path) -> bool:
    try:
        return "PixelData" in dataset(str(path))
    except Exception:
        return False


def pydicom_frame(path: str | Path, frame: int) -> np.ndarray:
    """What pydicom makes of one frame, 1-based."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pixel_array(pydicom.dcmread(path, force=True), index=frame - 1)


def encoded(name_or_path: str | Path, frame: int | None = None) -> Encoded:
    text = str(name_or_path)
    path = text if Path(text).is_absolute() else path_of(text)
    return Encoded(path, "application/dicom", frame=frame)


def samples(path: str | Path, description: Description) -> np.ndarray:
    """Read what was written, as a client does."""
    layout = description.layout
    assert layout is not None
    array = np.fromfile(path, layout.dtype).reshape(layout.shape)
    assert array.strides == layout.strides
    return array


def decoded(what: Encoded, folder: Path, color: Any = "default") -> tuple[np.ndarray, Description]:
    target = folder / "pixels"
    written = decode(what, color, str(target))
    return samples(target, written.description), written.description


def part10(
    path: Path,
    pixel_data: bytes | Sequence[bytes],
    syntax: str = ExplicitVRLittleEndian,
    offset_table: bool = True,
    elements: Sequence[tuple[int, str, Any]] = (),
    **attributes: Any,
) -> Path:
    """Write an image; a sequence of frames is encapsulated.

    Args:
        elements: tag, VR and value of attributes without a keyword.
    """
    image = Dataset()
    image.SOPClassUID = SecondaryCaptureImageStorage
    image.SOPInstanceUID = "1.2.3.4"
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.PixelRepresentation = 0
    for keyword, value in attributes.items():
        setattr(image, keyword, value)
    for element in elements:
        image.add_new(*element)
    image.BitsStored = attributes.get("BitsStored", image.BitsAllocated)
    image.HighBit = attributes.get("HighBit", image.BitsStored - 1)
    if not isinstance(pixel_data, bytes):
        image.PixelData = encapsulate(list(pixel_data), has_bot=offset_table)
        image["PixelData"].is_undefined_length = True
        image["PixelData"].VR = "OB"
    elif "FloatPixelData" not in image and "DoubleFloatPixelData" not in image:
        image.PixelData = pixel_data + b"\0" * (len(pixel_data) % 2)
        image["PixelData"].VR = "OB" if image.BitsAllocated <= 8 else "OW"
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = written = _writable(syntax, isinstance(pixel_data, bytes))
    image.save_as(path, enforce_file_format=True)
    path.write_bytes(path.read_bytes().replace(_syntax_element(written), _syntax_element(syntax)))
    return path


def _writable(syntax: str, native: bool) -> UID:
    """What pydicom writes in the same way, where it refuses a syntax or writes it wrongly."""
    if syntax in DEFLATED:
        return DeflatedExplicitVRLittleEndian
    if UID(syntax) in AllTransferSyntaxes and (native or UID(syntax).is_encapsulated):
        return UID(syntax)
    return ExplicitVRLittleEndian if native else RLELossless


def _syntax_element(uid: str) -> bytes:
    value = uid.encode() + b"\0" * (len(uid) % 2)
    return b"\x02\0\x10\0UI" + len(value).to_bytes(2, "little") + value


def grey(path: Path, array: np.ndarray, **attributes: Any) -> Path:
    """Write an uncompressed grey image."""
    return part10(
        path,
        array.astype(array.dtype.newbyteorder("<")).tobytes(),
        **{
            "Rows": array.shape[0],
            "Columns": array.shape[1],
            "BitsAllocated": array.dtype.itemsize * 8,
            "PixelRepresentation": int(array.dtype.kind == "i"),
            **attributes,
        },
    )
