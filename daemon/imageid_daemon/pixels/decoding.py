"""From encoded bytes to a file of stored values."""

from __future__ import annotations

from typing import Literal

import msgspec

from imageid_daemon.pixels import (
    codecs,
    content,
    embedded_overlays,
    image_pixel,
    lone_frame,
    metadata,
    nifti,
    padding,
    photometric,
    picture,
    pixel_data,
    sample_file,
    tables,
)
from imageid_daemon.pixels.boundary import refusing
from imageid_daemon.pixels.codecs import Decoded, Samples
from imageid_daemon.pixels.description import Description, Encoded, ImageMetadata, Tables, Written
from imageid_daemon.pixels.encoded_frame import EncodedFrame, Instance
from imageid_daemon.pixels.image_pixel import ImagePixel

CONTENT_TYPE = "application/octet-stream"

_Decoding = tuple[Samples, ImageMetadata, Tables | None]


def decode(encoded: Encoded, color: Literal["default", "stored"], target_path: str) -> Written:
    """See `imageid_daemon.pixels.decode`."""
    with refusing("decoded"):
        samples, described, found = _decode(encoded, keep_ybr=color == "stored")
    return write(samples, described, found, target_path)


def inflate(encoded: Encoded, target_path: str) -> Written:
    """See `imageid_daemon.pixels.inflate`."""
    with refusing("decoded"):
        return nifti.inflate(encoded, target_path)


def write(
    samples: Samples,
    described: ImageMetadata,
    found: Tables | None,
    target_path: str,
    measured: Samples | None = None,
) -> Written:
    """Write samples and say how to read them.

    Args:
        measured: those that are not padding, where `described` does not tell.
    """
    layout, size_bytes = sample_file.write_samples(samples, target_path)
    if measured is None:
        low, high = padding.measured_extremes(samples, described)
    else:
        low, high = padding.extremes(measured)
    described = msgspec.structs.replace(described, min_pixel_value=low, max_pixel_value=high)
    return Written(Description(described, CONTENT_TYPE, layout, found), size_bytes)


def _decode(encoded: Encoded, *, keep_ybr: bool) -> _Decoding:
    kind = content.kind(encoded)
    if kind == "picture":
        return (*picture.decode(encoded), Tables(made_for_screens=True))
    if kind == "nifti":
        return (*nifti.decode(encoded), None)
    if kind == "part10":
        instance, pixel, frame = _part10(encoded)
    else:
        instance = lone_frame.read_instance(encoded)
        pixel = image_pixel.of_instance(instance)
        frame = lone_frame.read_frame(encoded, instance.transfer_syntax_uid, pixel)
    unmasked = codecs.undo(frame, pixel, keep_ybr=keep_ybr)
    # Before what stands beside the samples is cleared, in their own memory.
    planes = embedded_overlays.read(instance, pixel, frame, unmasked)
    decoded = _colored(codecs.masked(unmasked, pixel), pixel, keep_ybr=keep_ybr)
    found = tables.read(instance, encoded.frame)
    described = msgspec.structs.replace(
        metadata.read(instance, encoded.frame, found or Tables()),
        rows=pixel.rows,
        columns=pixel.columns,
        samples_per_pixel=pixel.samples_per_pixel,
        photometric_interpretation=decoded.photometric_interpretation,
        planar_configuration=0 if pixel.samples_per_pixel > 1 else None,
    )
    return decoded.samples, embedded_overlays.add(described, planes), found


def _part10(encoded: Encoded) -> tuple[Instance, ImagePixel, EncodedFrame]:
    opened = content.open_part10(encoded)
    pixel = opened.instance.once(image_pixel.of_instance)
    codecs.check(opened.part10.transfer_syntax_uid)
    number = image_pixel.check_frame_number(encoded.frame, pixel.number_of_frames)
    return opened.instance, pixel, pixel_data.read_frame(opened.part10, pixel, number)


def _colored(decoded: Decoded, pixel: ImagePixel, *, keep_ybr: bool) -> Decoded:
    found = decoded.photometric_interpretation
    if keep_ybr or not photometric.is_ybr(found) or pixel.samples_per_pixel != 3:
        return decoded
    rgb = photometric.ybr_to_rgb(decoded.samples, pixel.bits_stored, found)
    return Decoded(rgb, "RGB")
