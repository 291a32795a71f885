"""What the demo loads: every scheme, and what a direct read gives for it."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import nibabel
import numpy as np
from numpy.typing import NDArray
from PIL import Image

import imageid
from demo.served import instance, picture
from imageid_loaders.part10 import phantom_file
from origins.corpus import DicomFile, as_instance, own_file
from origins.dicomweb import DicomwebOrigin
from origins.reference import reference_pixels

Expected = Callable[[], NDArray[Any] | bytes]
GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


@dataclass(frozen=True, slots=True)
class Case:
    """One row.

    Args:
        expected: pixels or bytes of a direct read by pydicom, Pillow or numpy.
        asks_origin: whether the cold load must cost the loopback origin a request.
    """

    label: str
    image_id: str
    expected: Expected
    output: imageid.Output = "pixels"
    asks_origin: bool = True


def every_case(plain: DicomwebOrigin, secure: DicomwebOrigin, folder: Path) -> Iterator[Case]:
    """`folder` is a root of the file loader."""
    yield from wado_uri_cases(plain)
    yield from wado_rs_cases(plain)
    yield from web_cases(plain, secure)
    yield from file_cases(folder)
    yield from nifti_cases(plain, folder)
    yield from other_cases(plain)


def configuration(plain: DicomwebOrigin, folder: Path) -> str:
    """What the cases need of the daemon's settings."""
    return f"""
[network]
allow = ["127.0.0.1:*"]
[loaders.file]
roots = ["{folder}"]
[loaders.custom.pictures]
url = "{plain.url}/files/{{id}}"
[origins.demo]
url = "{plain.dicomweb_url}"
wado_uri = "{plain.wado_uri}"
"""


def wado_uri_cases(origin: DicomwebOrigin) -> Iterator[Case]:
    ct = instance(origin, "CT_small.dcm")
    url = f"{origin.wado_uri}?{ct.wado_query}"
    yield Case("wadouri: CT, native", f"wadouri:{url}", pixels_of(ct))

    cine = as_instance(own_file("examples_ybr_color.dcm"))
    url = origin.add_file("cine.dcm", cine.data)
    yield Case("wadouri: frame 15 of 30", f"wadouri:{url}?frame=15", pixels_of(cine, 15))

    file = instance(origin, "JPEG2000.dcm")
    url = f"{origin.wado_uri}?{file.wado_query}"
    yield Case("wadouri: the file itself", f"wadouri:{url}", lambda: file.data, "encoded")

    us = instance(origin, "examples_jpeg2k.dcm")
    url = f"{origin.wado_uri}?{us.wado_query}"
    yield Case("dicomweb: JPEG 2000", f"dicomweb:{url}", pixels_of(us))

    rle = instance(origin, "MR_small_RLE.dcm")
    yield Case("http: WADO-URI, RLE", f"{origin.wado_uri}?{rle.wado_query}", pixels_of(rle))

    mr = instance(origin, "MR_small_jp2klossless.dcm")
    image_id = f"dicomweb://demo/wado/{mr.study}/{mr.series}/{mr.sop}"
    yield Case("dicomweb: named origin", image_id, pixels_of(mr))


def wado_rs_cases(origin: DicomwebOrigin) -> Iterator[Case]:
    mr = instance(origin, "MR_small.dcm")
    frame = f"{origin.dicomweb_url}{mr.instance_path}/frames/1"
    yield Case("wadors: frame, native", f"wadors:{frame}", pixels_of(mr))

    rgb = instance(origin, "SC_rgb_rle_2frame.dcm")
    frame = f"{origin.dicomweb_url}{rgb.instance_path}/frames/2"
    yield Case("wadors: frame 2, RLE", f"wadors:{frame}", pixels_of(rgb, 2))

    palette = instance(origin, "examples_palette.dcm")
    whole = f"{origin.dicomweb_url}{palette.instance_path}"
    yield Case("wadors: instance, palette", f"wadors:{whole}", pixels_of(palette))

    ct = instance(origin, "693_J2KI.dcm")
    frame = f"{origin.dicomweb_url}{ct.instance_path}/frames/1"
    yield Case("http: WADO-RS, JPEG 2000", frame, pixels_of(ct))

    overlay = instance(origin, "examples_overlay.dcm")
    image_id = f"wadors://demo/{overlay.study}/{overlay.series}/{overlay.sop}"
    yield Case("wadors: named origin", image_id, pixels_of(overlay))


def web_cases(plain: DicomwebOrigin, secure: DicomwebOrigin) -> Iterator[Case]:
    for scheme, kind in (("http:", "png"), ("web:", "jpeg"), ("web:", "gif"), ("web:", "bmp")):
        url, data = picture(plain, kind)
        prefix = scheme if scheme == "web:" else ""
        yield Case(f"{scheme} {kind.upper()}", prefix + url, partial(decoded_rgb, data))
    url, data = picture(secure, "jpeg")
    yield Case("https: JPEG", url, partial(decoded_rgb, data))
    url, data = picture(secure, "tiff")
    yield Case("https: TIFF", url, partial(decoded_rgb, data))
    deep = rising(192, 256)
    url = plain.add_file("deep.jxl", imagecodecs.jpegxl_encode(deep, lossless=True), "image/jxl")
    yield Case("web: JPEG XL, 16 bits", f"web:{url}", lambda: deep)
    url, data = picture(plain, "webp")
    yield Case("web: WebP, rendered", f"web:{url}", partial(decoded_rgb, data), "png")


def file_cases(folder: Path) -> Iterator[Case]:
    file = as_instance(own_file("MR_small_bigendian.dcm"))
    (folder / "mr.dcm").write_bytes(file.data)
    image_id = f"file:{folder}/mr.dcm"
    yield Case("file: big endian", image_id, pixels_of(file), asks_origin=False)

    file = as_instance(own_file("image_dfl.dcm"))
    (folder / "deflated.dcm").write_bytes(file.data)
    image_id = f"dicomfile:{folder}/deflated.dcm"
    yield Case("dicomfile: deflated", image_id, pixels_of(file), asks_origin=False)


def nifti_cases(origin: DicomwebOrigin, folder: Path) -> Iterator[Case]:
    slice_ = reference_pixels(as_instance(own_file("MR_small.dcm")))
    frames = [np.roll(slice_, shift, axis=1) for shift in range(10)]
    volume = nibabel.Nifti1Image(np.stack(frames, axis=-1).swapaxes(0, 1), np.eye(4))
    url = origin.add_file("mr.nii.gz", gzip.compress(volume.to_bytes()), "application/gzip")
    yield Case("nifti: slice 3, in gzip", f"nifti:{url}?frame=3", lambda: frames[3])

    (folder / "mr.nii").write_bytes(volume.to_bytes())
    across = np.stack([frame[:, 20] for frame in frames])
    image_id = f"nifti:{folder}/mr.nii#x-20"
    yield Case("nifti: across x", image_id, lambda: across, asks_origin=False)


def other_cases(origin: DicomwebOrigin) -> Iterator[Case]:
    file = as_instance(own_file("examples_rgb_color.dcm"))
    origin.add_file(GUID, file.data)
    yield Case("custom: by GUID", f"custom://pictures/{GUID}", pixels_of(file))
    phantom = DicomFile("example", phantom_file(1))
    yield Case("example: synthetic", "example://1", pixels_of(phantom), asks_origin=False)
    ramp_id = "ramp://256,192,16,0.5,0.5,1.0,-1024"
    yield Case("ramp: synthetic", ramp_id, partial(rising, 192, 256), asks_origin=False)


def pixels_of(file: DicomFile, frame: int = 1) -> Expected:
    return partial(reference_pixels, file, frame)


def decoded_rgb(data: bytes) -> NDArray[np.uint8]:
    with Image.open(BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


def rising(rows: int, columns: int) -> NDArray[np.uint16]:
    """A 16-bit ramp from left to right, by its formula."""
    return np.tile((np.arange(columns) * 65536 // columns).astype(np.uint16), (rows, 1))
