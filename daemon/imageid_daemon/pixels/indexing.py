"""Make the frame index of a Part 10 file, and open the file by what the index says."""

from __future__ import annotations

from array import array
from functools import lru_cache
from itertools import chain

import msgspec

from imageid_daemon.pixels import data_set, part10, pixel_data
from imageid_daemon.pixels.attributes import integer
from imageid_daemon.pixels.boundary import refusing
from imageid_daemon.pixels.byte_source import ByteSource, FileBytes, MemoryBytes
from imageid_daemon.pixels.data_elements import Element
from imageid_daemon.pixels.description import Description, Encoded, ImageMetadata, Written
from imageid_daemon.pixels.encoded_frame import Instance
from imageid_daemon.pixels.frame_index import MEDIA_TYPE, Head, Place, Record, Sections, write
from imageid_daemon.pixels.frame_table import FramePlaces, FrameTable
from imageid_daemon.pixels.part10 import Header, Part10, PixelElement
from imageid_loaders.errors import Undecodable

# As many files as one worker is likely to be asked for frames of in turn.
_REMEMBERED_HEADS = 4


def index(encoded: Encoded, target_path: str) -> Written:
    """See `imageid_daemon.pixels.index`."""
    with refusing("decoded"):
        header = part10.read_header(encoded.path)
        opened = part10.assemble(header)
        table = _table(opened)
        head = _head(header, _frames(opened), table)
    size_bytes = write(target_path, head, _sections(header, table))
    return Written(Description(ImageMetadata(), MEDIA_TYPE), size_bytes)


def open_located(path: str, located: bytes) -> tuple[Part10, Instance]:
    """Open a file of which some frames were located.

    Args:
        path: the file; the index itself, where that holds the inflated data set.
        located: `Located.record`.
    """
    record = msgspec.msgpack.decode(located, type=Record)
    head, instance = _read_head(bytes(record.head))
    source = FileBytes(path, record.origin)
    if instance is None:
        items = {each.frame - 1: each.item for each in record.frames if each.item is not None}
        instance = _instance(head, source, items)
    opened = Part10(
        source,
        instance.attributes,
        head.transfer_syntax_uid,
        _pixel_element(head),
        places={
            each.frame: FramePlaces(each.places, head.located, head.frames)
            for each in record.frames
        },
    )
    return opened, instance


@lru_cache(_REMEMBERED_HEADS)
def _read_head(encoded: bytes) -> tuple[Head, Instance | None]:
    """Read it, and the instance too, unless that needs more: then it is each frame's own.

    Where the head is all, equal ones are of equal instances, in whichever file.
    """
    head = msgspec.msgpack.decode(encoded, type=Head)
    is_all = not head.long and not head.items
    return head, _instance(head, MemoryBytes(b""), {}) if is_all else None


def _instance(head: Head, source: ByteSource, items: dict[int, Place]) -> Instance:
    long = data_set.read_long(source, [Element(*long) for long in head.long])
    attributes = data_set.build(
        head.attributes + long,
        implicit=head.implicit,
        little_endian=head.little_endian,
        items=data_set.Items(source, head.items, items),
    )
    return part10.instance_of(attributes, head.transfer_syntax_uid, _pixel_element(head))


def _pixel_element(head: Head) -> PixelElement | None:
    return None if head.pixel_element is None else PixelElement(*head.pixel_element)


def _table(opened: Part10) -> FrameTable | None:
    """Of encapsulated pixel data."""
    with opened.source.reading() as read:
        try:
            encapsulated = pixel_data.is_encapsulated(opened, read)
        except Undecodable:
            return None  # decoding refuses it too, perhaps for a better reason
        return pixel_data.locate(opened, read, _frames(opened)) if encapsulated else None


def _frames(opened: Part10) -> int:
    return max(integer(opened.attributes, "NumberOfFrames") or 1, 1)


def _head(header: Header, frames: int, table: FrameTable | None) -> Head:
    element = header.pixel_element
    found = Head(
        header.transfer_syntax_uid,
        header.implicit,
        header.little_endian,
        header.attributes,
        list(header.long),
        None
        if element is None
        else (element.keyword, element.vr, element.value_offset, element.value_length),
        frames=frames,
        items=len(header.items),
        inflated=isinstance(header.source, MemoryBytes),
    )
    if table is None:
        return found
    return msgspec.structs.replace(
        found,
        located=table.located,
        fragments=len(table.fragments),
        several=table.located != len(table.fragments),
    )


def _sections(header: Header, table: FrameTable | None) -> Sections:
    nothing = array("Q")
    return Sections(
        firsts=nothing if table is None else table.firsts,
        offsets=nothing if table is None else table.fragments.offsets,
        lengths=nothing if table is None else table.fragments.lengths,
        items=array("Q", chain.from_iterable(header.items)),
        inflated=header.source.data if isinstance(header.source, MemoryBytes) else b"",
    )
