"""What a frame is: what its transfer syntax states, or what its bytes are beyond doubt.

Some writers change the one without the other. The header must fit in every other respect,
because a frame that is taken for what it is not shows another image.
"""

from __future__ import annotations

from imageid_daemon.pixels import codestream_header, run_lengths, transfer_syntax
from imageid_daemon.pixels.codestream import Codestream, Family
from imageid_daemon.pixels.encoded_frame import EncodedFrame
from imageid_daemon.pixels.image_pixel import ImagePixel
from imageid_daemon.pixels.jpeg_2000_codec import OPENJPEG_BITS
from imageid_daemon.pixels.pixel_data import native_lengths_bytes
from imageid_daemon.pixels.transfer_syntax import Codec
from imageid_loaders.errors import Undecodable, Unsupported

_CODEC_OF_FAMILY: dict[Family, Codec] = {
    "jpeg": "jpeg",
    "jpeg-lossless": "jpeg",
    "jpeg-ls": "jpeg-ls",
    "jpeg-2000": "jpeg-2000",
    "jpeg-xl": "jpeg-xl",
}
_FAMILIES: dict[Codec, tuple[Family, ...]] = {
    "jpeg": ("jpeg", "jpeg-lossless"),
    "jpeg-ls": ("jpeg-ls",),
    "jpeg-2000": ("jpeg-2000",),
    "htj2k": ("jpeg-2000",),
    "jpeg-xl": ("jpeg-xl",),
    "recompressed jpeg": ("jpeg-xl",),
}


def choose(frame: EncodedFrame, pixel: ImagePixel) -> tuple[Codec, Codestream | None]:
    """Name what undoes the frame, and read the header of its codestream where it is one.

    Raises:
        Unsupported: nothing here undoes it.
        Undecodable: it is neither what is stated nor anything else that fits the header.
    """
    stated = transfer_syntax.codec_of(frame.transfer_syntax_uid)
    if stated == "native" and _is_native(frame, pixel):
        return stated, None
    if pixel.floating:
        raise Undecodable(
            "the image cannot be decoded because Float Pixel Data are never compressed; "
            "ask for ENCODED to get them as they are"
        )
    # No header of run lengths and no deflated block begins as a codestream does.
    stream = codestream_header.read(frame.data)
    if stream is None:
        return _without_codestream(frame, stated, pixel), None
    check_fit(stream, pixel)
    codec = stated if stream.family in _FAMILIES.get(stated, ()) else _real(stream, pixel)
    _check_reach(codec, stream, frame.transfer_syntax_uid)
    return codec, stream


def checked_codestream(data: bytes, pixel: ImagePixel) -> Codestream:
    """Read a codestream's header.

    Raises:
        Undecodable: it is none, or contradicts the image's header.
    """
    stream = codestream_header.read(data)
    if stream is None:
        raise _mislabelled()
    check_fit(stream, pixel)
    return stream


def _is_native(frame: EncodedFrame, pixel: ImagePixel) -> bool:
    """Samples may begin like a codestream, but then they hardly have exactly their length."""
    return not frame.encapsulated or len(frame.data) in native_lengths_bytes(pixel)


def _without_codestream(frame: EncodedFrame, stated: Codec, pixel: ImagePixel) -> Codec:
    if stated in ("rle", "deflated frame"):
        return stated
    if run_lengths.are_in(frame.data, pixel):
        return "rle"
    if stated == "native" and frame.transfer_syntax_uid not in transfer_syntax.NEVER_ENCAPSULATED:
        return stated
    raise _mislabelled()


def _real(stream: Codestream, pixel: ImagePixel) -> Codec:
    """What the codestream is, where nothing else is odd."""
    # Many encoders write all bits of a word, whatever is stored in it.
    if stream.precision not in (pixel.bits_stored, pixel.bits_allocated):
        raise _mislabelled()
    return _CODEC_OF_FAMILY[stream.family]


def _mislabelled() -> Undecodable:
    return Undecodable(
        "the image cannot be decoded because its codestream is not what its transfer syntax "
        "says; ask for ENCODED to get it as it is"
    )


def check_fit(stream: Codestream, pixel: ImagePixel) -> None:
    """Refuse a codestream that the image's header does not describe, before a codec runs."""
    inside = (stream.rows, stream.columns, stream.samples_per_pixel)
    if inside != (pixel.rows, pixel.columns, pixel.samples_per_pixel):
        raise Undecodable(
            "the image cannot be decoded because its codestream holds "
            f"{_size(*inside)} and its header says "
            f"{_size(pixel.rows, pixel.columns, pixel.samples_per_pixel)}; "
            "ask for ENCODED to get it as it is"
        )
    if stream.subsampled and not (stream.halved_chroma and stream.precision == 8):
        raise Undecodable(
            "the image cannot be decoded because the components of its codestream are "
            "subsampled otherwise than 8-bit chrominance of whole pairs of pixels; "
            "ask for ENCODED to get it as it is"
        )
    if stream.precision > pixel.bits_allocated:
        raise Undecodable(
            f"the image cannot be decoded because its codestream has {stream.precision} bits a "
            f"sample and its header {pixel.bits_allocated}; ask for ENCODED to get it as it is"
        )


def _check_reach(codec: Codec, stream: Codestream, syntax: str) -> None:
    """Refuse what the codecs here do not know of their own families."""
    wide = stream.family == "jpeg-2000" and stream.precision > OPENJPEG_BITS
    if wide and not (codec == "htj2k" and stream.exact):
        what = f"JPEG 2000 of {stream.precision} bits a sample"
    elif stream.family in ("jpeg", "jpeg-lossless") and stream.samples_per_pixel == 4:
        what = "the four components of this JPEG"
    else:
        return
    raise Unsupported(
        f"the image cannot be decoded because no codec for {what} is here; "
        "ask for ENCODED and decode it elsewhere",
        transfer_syntax_uid=syntax,
    )


def _size(rows: int, columns: int, samples_per_pixel: int) -> str:
    return f"{rows} rows, {columns} columns and {samples_per_pixel} samples per pixel"
