"""Read the header of whatever codestream the bytes are."""

from __future__ import annotations

import struct

from imageid_daemon.pixels import jpeg_2000_header, jpeg_header, jpeg_xl_header
from imageid_daemon.pixels.codestream import Codestream, broken


def read(data: bytes) -> Codestream | None:
    """Read the header of a JPEG, JPEG-LS, JPEG 2000 or JPEG XL codestream, bare or in boxes.

    Returns:
        None where the bytes begin with none of them.

    Raises:
        Undecodable: the header is broken, or promises what no frame of an image holds.
    """
    try:
        if jpeg_header.begins(data):
            return jpeg_header.read(data)
        if jpeg_2000_header.begins(data):
            return jpeg_2000_header.read(data)
        if jpeg_xl_header.begins(data):
            return jpeg_xl_header.read(data)
    except (struct.error, IndexError) as error:
        raise broken() from error
    return None
