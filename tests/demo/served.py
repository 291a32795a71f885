"""The demo's two origins, filled with pydicom's own files and pictures made from them."""

from __future__ import annotations

import ssl
from io import BytesIO
from pathlib import Path

from PIL import Image

from origins.corpus import DicomFile, as_instance, own_file
from origins.dicomweb import DicomwebOrigin
from origins.reference import reference_pixels

# Key and self-signed certificate of 127.0.0.1, for this demo alone; the daemon is told to
# trust it, and nobody else does.
CERTIFICATE = Path(__file__).with_name("loopback.pem")
SHOWN = {
    "bmp": "SC_rgb_dcmtk_+eb+cr.dcm",
    "gif": "SC_rgb_rle.dcm",
    "jpeg": "examples_ybr_color.dcm",
    "png": "examples_rgb_color.dcm",
    "tiff": "examples_rgb_color.dcm",
    "webp": "examples_jpeg2k.dcm",
}


def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def instance(origin: DicomwebOrigin, name: str) -> DicomFile:
    """One of pydicom's files, retrievable by WADO-URI and WADO-RS."""
    return origin.add(as_instance(own_file(name)))


def picture(origin: DicomwebOrigin, kind: str) -> tuple[str, bytes]:
    """One of pydicom's colour images as a picture; its URL and its bytes."""
    samples = reference_pixels(as_instance(own_file(SHOWN[kind])))
    file = BytesIO()
    Image.fromarray(samples).save(file, kind)
    data = file.getvalue()
    return origin.add_file(f"photo.{kind}", data, f"image/{kind}"), data
