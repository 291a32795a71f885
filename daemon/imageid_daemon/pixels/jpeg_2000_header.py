"""The main and tile-part headers of JPEG 2000 (ISO 15444-1 A), HTJ2K (ISO 15444-15) included."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from imageid_daemon.pixels.codestream import Codestream, broken
from imageid_loaders.errors import Undecodable

_START = b"\xff\x4f\xff\x51"
_BOXES = b"jP  "
_HALVED = ((2, 1), (1, 2), (2, 2))
_COD, _COC, _SOT, _SOD = 0xFF52, 0xFF53, 0xFF90, 0xFF93
_REVERSIBLE = 1
# A codec takes some kilobytes for each tile and some hundred bytes for each precinct before
# it reads a sample; a whole slide in one frame stays below, a bomb does not.
_TILE_LIMIT = 1 << 13
_PRECINCT_LIMIT = 1 << 18


@dataclass(frozen=True, slots=True)
class _Size:
    """SIZ: columns before rows, as it is written."""

    end: tuple[int, int]
    offset: tuple[int, int]
    tile: tuple[int, int]
    tile_offset: tuple[int, int]
    components: list[tuple[int, int, int]]

    @property
    def extent(self) -> tuple[int, int]:
        return (max(self.end[0] - self.offset[0], 0), max(self.end[1] - self.offset[1], 0))

    @property
    def tiles(self) -> int:
        across, down = (
            _ceil_divide(self.end[axis] - self.tile_offset[axis], self.tile[axis])
            for axis in (0, 1)
        )
        return across * down


def begins(data: bytes) -> bool:
    """Whether the bytes are a codestream, or a JP2 file around one."""
    return data[:4] == _START or data[4:8] == _BOXES


def read(data: bytes) -> Codestream:
    """Read SIZ, and every COD and COC.

    Raises:
        Undecodable: the header is broken, or takes more than its samples are worth.
    """
    start = data.find(_START)
    if start < 0:
        raise broken()
    size = _size(data, start + 4)
    styles = list(_styles(data, start + 4, len(size.components)))
    if not styles:
        raise broken()
    _check(size, styles[0])
    columns, rows = size.extent
    depth = size.components[0][0]
    return Codestream(
        "jpeg-2000",
        rows,
        columns,
        len(size.components),
        (depth & 0x7F) + 1,
        signed=bool(depth & 0x80),
        exact=all(style[4] == _REVERSIBLE for style in styles),
        subsampled=any(component[1:] != (1, 1) for component in size.components),
        halved_chroma=_is_chroma_halved(size) and not _transforms_components(data, start + 4),
    )


def codestream_of(data: bytes) -> bytes:
    """The codestream alone, out of the boxes that may be around it."""
    return data[data.index(_START) :]


def _is_chroma_halved(size: _Size) -> bool:
    """Every tile must hold whole pairs of pixels: Pillow misplaces the chrominance of others."""
    sampling = [component[1:] for component in size.components]
    if len(sampling) != 3 or sampling[0] != (1, 1) or sampling[1] != sampling[2]:
        return False
    begins_whole = size.offset == size.tile_offset == (0, 0)
    pairs = all(
        end % step == 0 and (side % step == 0 or side >= end)
        for end, side, step in zip(size.end, size.tile, sampling[1], strict=True)
    )
    return begins_whole and pairs and sampling[1] in _HALVED


def _size(data: bytes, position: int) -> _Size:
    values = struct.unpack_from(">8I", data, position + 4)
    (count,) = struct.unpack_from(">H", data, position + 36)
    components = [struct.unpack_from("BBB", data, position + 38 + 3 * i) for i in range(count)]
    if not components:
        raise broken()
    return _Size(values[0:2], values[2:4], values[4:6], values[6:8], components)


def _styles(data: bytes, position: int, components: int) -> Iterator[bytes]:
    """The SPcod or SPcoc parameters: levels, code-block, its style, wavelet, precincts."""
    wide = 1 if components < 257 else 2
    for marker, segment in _segments(data, position):
        if marker == _COD:
            yield segment[5:10] + _precincts(segment[0], segment[10:])
        elif marker == _COC:
            yield segment[wide + 1 : wide + 6] + _precincts(segment[wide], segment[wide + 6 :])


def _transforms_components(data: bytes, position: int) -> bool:
    """Whether they were mixed (A.6.1), for which they must be of one size."""
    return any(marker == _COD and segment[4] for marker, segment in _segments(data, position))


def _precincts(style: int, sizes: bytes) -> bytes:
    return sizes if style & 1 else b""


def _segments(data: bytes, position: int) -> Iterator[tuple[int, bytes]]:
    """Of the main header, and of each tile-part's; one that breaks off is the codec's to judge."""
    tile_part_end = None
    marker, in_main = 0xFF51, True
    while position + 2 <= len(data):
        (length,) = struct.unpack_from(">H", data, position)
        segment = data[position + 2 : position + length]
        yield marker, segment
        if marker == _SOT:
            in_main = False
            (tile_part_bytes,) = struct.unpack_from(">I", segment, 2)
            tile_part_end = position - 2 + tile_part_bytes if tile_part_bytes else len(data)
        position += length
        marker = int.from_bytes(data[position : position + 2], "big")
        if marker == _SOD and tile_part_end is not None and tile_part_end > position:
            position = tile_part_end
            marker = int.from_bytes(data[position : position + 2], "big")
        if marker >> 8 != 0xFF or marker == _SOD or (not in_main and marker == 0xFFD9):
            return
        position += 2


def _check(size: _Size, style: bytes) -> None:
    if len({depth for depth, _, _ in size.components}) != 1:
        raise Undecodable(
            "the image cannot be decoded because the components of its codestream differ in "
            "precision; ask for ENCODED to get it as it is"
        )
    if 0 in size.tile or size.tiles > _TILE_LIMIT or _precinct_count(size, style) > _PRECINCT_LIMIT:
        raise broken("promises more tiles or precincts than its samples are worth")


def _precinct_count(size: _Size, style: bytes) -> int:
    """Of all components and resolutions, by the default style; tiles only add a few."""
    levels, exponents = style[0], style[5:]
    count = 0
    for resolution, exponent in enumerate(exponents[: levels + 1]):
        across, down = exponent & 0xF, exponent >> 4
        columns, rows = (side >> (levels - resolution) for side in size.extent)
        count += _ceil_divide(columns, 1 << across) * _ceil_divide(rows, 1 << down)
    return count * len(size.components)


def _ceil_divide(value: int, divisor: int) -> int:
    return -(-max(value, 0) // divisor)
