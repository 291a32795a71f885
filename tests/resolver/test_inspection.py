"""What a worker wrote is compared with what it said, and its digest is the daemon's own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

import pytest

from imageid_daemon import checksums
from imageid_daemon.pixels import Description, ImageMetadata, Layout
from imageid_daemon.resolver.inspection import inspect
from imageid_loaders.errors import Undecodable

SAMPLES = "application/octet-stream"


@pytest.fixture
def descriptor() -> Iterator[int]:
    """A file of 24 bytes."""
    opened = os.memfd_create("target")
    os.write(opened, b"x" * 24)
    yield opened
    os.close(opened)


def described(
    dtype: str = "uint16",
    shape: tuple[int, ...] = (3, 4),
    strides: tuple[int, ...] = (8, 2),
    content_type: str = SAMPLES,
) -> Description:
    return Description(ImageMetadata(), content_type, Layout(dtype, shape, strides))


@pytest.mark.parametrize(
    "description",
    [
        described(),
        described("uint8", (2, 4, 3), (12, 3, 1)),
        described("float64", (1, 3), (24, 8)),
    ],
)
def test_samples_of_the_length_that_their_layout_says_are_taken(
    descriptor: int, description: Description
) -> None:
    found = inspect(descriptor, description, SAMPLES)

    assert found.size_bytes == 24
    assert found.sha256 == hashlib.sha256(b"x" * 24).hexdigest()
    assert found.checksums == checksums.of_file(descriptor)


@pytest.mark.parametrize(
    "description",
    [
        described(shape=(3, 5), strides=(10, 2)),
        described(shape=(3, 3), strides=(6, 2)),
        described(shape=(0, 4)),
        described(shape=(-3, -4)),
        described(shape=(12,), strides=(2,)),
        described(shape=(1, 1, 3, 4), strides=(24, 24, 8, 2)),
        described(strides=(0, 2)),
        described(strides=(8, 4)),
        described(strides=(8,)),
        described("object"),
        described("uint32"),
        described(content_type="image/png"),
        Description(ImageMetadata(), SAMPLES),
    ],
)
def test_samples_that_are_something_else_are_refused(
    descriptor: int, description: Description
) -> None:
    with pytest.raises(Undecodable, match="ENCODED"):
        inspect(descriptor, description, SAMPLES)


def test_a_picture_may_have_any_length_but_none(descriptor: int) -> None:
    picture = Description(ImageMetadata(), "image/png")

    assert inspect(descriptor, picture, "image/png").size_bytes == 24
    os.ftruncate(descriptor, 0)
    with pytest.raises(Undecodable):
        inspect(descriptor, picture, "image/png")


@pytest.mark.parametrize("content_type", ["image/jpeg", "text/html"])
def test_a_picture_of_another_type_is_refused(descriptor: int, content_type: str) -> None:
    with pytest.raises(Undecodable):
        inspect(descriptor, Description(ImageMetadata(), content_type), "image/png")
