"""The closed table of what a worker can be asked; all of it is `imageid_daemon.pixels`.

Each task takes the path of its source and that of its target, either "" where there is none,
then arguments whose types, with that of the result, are those on the wire.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import msgspec

from imageid_daemon import pixels
from imageid_daemon.pixels import (
    Description,
    Encoded,
    ImageMetadata,
    PixelsOptions,
    RenderedOptions,
)


def decode(
    source: str, target: str, encoded: Encoded, color: Literal["default", "stored"]
) -> Description:
    """See `pixels.decode`."""
    return pixels.decode(replace(encoded, path=source), color, target).description


def index(source: str, target: str, encoded: Encoded) -> Description:
    """See `pixels.index`."""
    return pixels.index(replace(encoded, path=source), target).description


def inflate(source: str, target: str, encoded: Encoded) -> Description:
    """See `pixels.inflate`."""
    return pixels.inflate(replace(encoded, path=source), target).description


def transform(
    source: str, target: str, description: Description, options: PixelsOptions
) -> Description:
    """See `pixels.transform`."""
    return pixels.transform(source, description, options, target).description


def render(
    source: str, target: str, description: Description, options: RenderedOptions
) -> Description:
    """See `pixels.render`."""
    return pixels.render(source, description, options, target).description


def describe(source: str, _target: str, encoded: Encoded) -> ImageMetadata:
    """See `pixels.describe`."""
    return pixels.describe(replace(encoded, path=source))


def describe_frames(
    source: str, _target: str, encoded: Encoded, frames: list[int]
) -> list[ImageMetadata | str]:
    """See `pixels.describe_frames`; in place of `NotFound` stands its message."""
    found = pixels.describe_frames(replace(encoded, path=source), frames)
    return [each if isinstance(each, ImageMetadata) else each.message for each in found]


def references(_source: str, _target: str, encoded: Encoded, frames: list[int]) -> list[str]:
    """See `pixels.references`."""
    return pixels.references(encoded, frames)


def dicom_json(source: str, target: str, encoded: Encoded) -> None:
    """Write what `pixels.dicom_json` gives."""
    Path(target).write_bytes(pixels.dicom_json(replace(encoded, path=source)))


def header_json(source: str, _target: str, tags: list[int]) -> bytes:
    """See `pixels.header_json`."""
    return pixels.header_json(source, tags)


def split_metadata(source: str, target: str) -> None:
    """Write what `pixels.split_metadata` gives of the source, as msgpack."""
    found = pixels.split_metadata(Path(source).read_bytes())
    Path(target).write_bytes(msgspec.msgpack.encode(found))


def prepare() -> None:
    """Import what the tasks need, once for all workers."""
    pixels.prepare()


TASKS: tuple[Callable[..., Any], ...] = (
    decode,
    index,
    inflate,
    transform,
    render,
    describe,
    describe_frames,
    references,
    dicom_json,
    header_json,
    split_metadata,
)
