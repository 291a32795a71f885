"""example and ramp: pictures made up on the spot, for trying out and for tests."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from functools import partial
from itertools import zip_longest
from typing import ClassVar

from imageid_loaders.base import (
    Image,
    ListedImage,
    NotModified,
    Read,
    Request,
    Resource,
    Settings,
    Source,
)
from imageid_loaders.errors import InvalidImageId, NotFound
from imageid_loaders.options import check_options
from imageid_loaders.part10 import PHANTOM_SLICES, Ramp, phantom_file, ramp_file
from imageid_loaders.url import split_scheme

_CHUNK_BYTES = 256 * 1024
_YEAR_SECONDS = 31_536_000.0
_SIDE_LIMIT = 4096
_RAMP_DEFAULTS = ("512", "512", "16", "1", "1", "1", "0")
_RAMP_FIELDS = "width,height,bits,columnSpacing,rowSpacing,slope,intercept"


class ExampleLoader:
    """`example://N`: slice N, from 1 to 64, of a CT phantom (256x256, 16 bit)."""

    name: ClassVar[str] = "example"
    summary: ClassVar[str] = "slice 1 to 64 of a synthetic CT, e.g. example://1"

    def __init__(self, settings: Settings) -> None:
        check_options(self.name, settings.options, known=())

    def resolve(self, image_id: str) -> Image:
        text = _behind_slashes(image_id)
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise InvalidImageId("After example:// is expected the number of a slice, from 1.")
        return Image(_resource(f"example:{int(text)}"))

    def open(self, request: Request) -> AbstractAsyncContextManager[Source]:
        number = int(request.resource.key.removeprefix("example:"))
        return _made(partial(_slice_file, number), request)

    async def list_images(self, root: str, read: Read) -> list[ListedImage]:
        """All slices, for the root `example://`."""
        if _behind_slashes(root):
            raise InvalidImageId("The root of the example's slices is example:// without a number.")
        return [
            ListedImage(
                f"example://{number}",
                instance_number=number,
                position=(-127.5, -127.5, 2.0 * (number - 1)),
                orientation=(1, 0, 0, 0, 1, 0),
            )
            for number in range(1, PHANTOM_SLICES + 1)
        ]


class RampLoader:
    """`ramp://512,512,16,0.5,0.5,1.0,-1024`: samples that rise from left to right."""

    name: ClassVar[str] = "ramp"
    summary: ClassVar[str] = f"a synthetic ramp, ramp://{_RAMP_FIELDS}"

    def __init__(self, settings: Settings) -> None:
        check_options(self.name, settings.options, known=())

    def resolve(self, image_id: str) -> Image:
        ramp = parse_ramp(_behind_slashes(image_id))
        values = (ramp.width, ramp.height, ramp.bits, ramp.column_spacing_mm)
        more = (ramp.row_spacing_mm, ramp.slope, ramp.intercept)
        return Image(_resource("ramp:" + ",".join(map(repr, (*values, *more)))))

    def open(self, request: Request) -> AbstractAsyncContextManager[Source]:
        ramp = parse_ramp(request.resource.key.removeprefix("ramp:"))
        return _made(partial(ramp_file, ramp), request)


def parse_ramp(text: str) -> Ramp:
    """Comma-separated fields; those left out, or empty, have their defaults.

    Raises:
        errors.InvalidImageId: a field is no number or out of its bounds.
    """
    fields = text.split(",")
    if len(fields) > len(_RAMP_DEFAULTS):
        raise InvalidImageId(f"A ramp has seven fields at most: {_RAMP_FIELDS}.")
    given = [field or default for field, default in zip_longest(fields, _RAMP_DEFAULTS)]
    try:
        width, height, bits = map(int, given[:3])
        ramp = Ramp(width, height, bits, *map(float, given[3:]))
    except ValueError as error:
        raise InvalidImageId(f"A field of the ramp is no number: write {_RAMP_FIELDS}.") from error
    _check_bounds(ramp)
    return ramp


def _check_bounds(ramp: Ramp) -> None:
    spacings = (ramp.column_spacing_mm, ramp.row_spacing_mm)
    if not (1 <= ramp.width <= _SIDE_LIMIT and 1 <= ramp.height <= _SIDE_LIMIT):
        raise InvalidImageId(f"A ramp is 1 to {_SIDE_LIMIT} pixels wide and high.")
    if not 1 <= ramp.bits <= 16:
        raise InvalidImageId("A ramp has 1 to 16 bits.")
    if not all(0.001 <= spacing <= 1000 for spacing in spacings):
        raise InvalidImageId("A ramp's pixels are 0.001 to 1000 mm apart.")
    if not math.isfinite(ramp.slope + ramp.intercept) or not 0 < abs(ramp.slope) <= 1e9:
        raise InvalidImageId("A ramp's slope and intercept are finite, and its slope not 0.")
    if abs(ramp.intercept) > 1e9:
        raise InvalidImageId("A ramp's intercept is a billion at most.")


def _slice_file(number: int) -> bytes:
    if not 1 <= number <= PHANTOM_SLICES:
        raise NotFound(f"The example has the slices 1 to {PHANTOM_SLICES}: name one of them.")
    return phantom_file(number)


def _behind_slashes(image_id: str) -> str:
    _, rest = split_scheme(image_id)
    if not rest.startswith("//"):
        raise InvalidImageId("The imageId lacks the two slashes behind its scheme.")
    return rest[2:]


def _resource(key: str) -> Resource:
    return Resource(key, key, fresh_for_seconds=_YEAR_SECONDS)


@asynccontextmanager
async def _made(make: Callable[[], bytes], request: Request) -> AsyncIterator[Source]:
    data = await asyncio.to_thread(make)
    etag = f'"{hashlib.sha256(data).hexdigest()}"'
    headers = {"etag": etag, "cache-control": "max-age=31536000, immutable"}
    if request.validators.etag == etag:
        raise NotModified(headers)
    async with aclosing(_chunks(data)) as chunks:
        yield Source("application/dicom", chunks, len(data), headers=headers)


async def _chunks(data: bytes) -> AsyncGenerator[bytes, None]:
    for start in range(0, len(data), _CHUNK_BYTES):
        yield data[start : start + _CHUNK_BYTES]
