"""An image as it is handed to the program."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from imageid._assembly import Assembly, Body
from imageid._metadata import Metadata, Timing, read_metadata, read_timing
from imageid.v1 import types_pb2 as v1

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DTYPES = {
    v1.SAMPLE_TYPE_UINT8: "|u1",
    v1.SAMPLE_TYPE_INT8: "|i1",
    v1.SAMPLE_TYPE_UINT16: "<u2",
    v1.SAMPLE_TYPE_INT16: "<i2",
    v1.SAMPLE_TYPE_UINT32: "<u4",
    v1.SAMPLE_TYPE_INT32: "<i4",
    v1.SAMPLE_TYPE_UINT64: "<u8",
    v1.SAMPLE_TYPE_INT64: "<i8",
    v1.SAMPLE_TYPE_FLOAT32: "<f4",
    v1.SAMPLE_TYPE_FLOAT64: "<f8",
}


def cache_status_name(status: v1.CacheStatus) -> str:
    """ "hit", "miss", … (after RFC 9211)."""
    return v1.CacheStatus.Name(status).removeprefix("CACHE_STATUS_").lower()


class Answer:
    """What the daemon says of an image beside its body."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly

    @property
    def image_id(self) -> str:
        """As the caller wrote it."""
        return self._assembly.header.image_id

    @property
    def content_type(self) -> str:
        """Media type of the body."""
        return self._assembly.header.content_type

    @property
    def size_bytes(self) -> int | None:
        """Of the whole body; None while the origin has not said it."""
        header = self._assembly.header
        if header.HasField("size_bytes"):
            return header.size_bytes
        return self._assembly.summary.size_bytes or None

    @property
    def etag(self) -> str:
        """Strong, of this representation (RFC 9110 section 8.8.3)."""
        return self._assembly.summary.etag or self._assembly.header.etag

    @property
    def sha256(self) -> str:
        """Of the whole body, hexadecimal; empty while it is still arriving."""
        summary, header = self._assembly.summary, self._assembly.header
        return (summary.checksums.sha256 or header.checksums.sha256).hex()

    @property
    def cache_status(self) -> str:
        """ "hit", "miss", "coalesced", "revalidated", "stale" or "bypass" (after RFC 9211)."""
        return cache_status_name(self._assembly.header.cache_status)

    @property
    def loader(self) -> str:
        """Which loader answered."""
        return self._assembly.header.loader

    @property
    def timing(self) -> Timing:
        """Where the time went."""
        summary, header = self._assembly.summary, self._assembly.header
        return read_timing(summary.timing if summary.HasField("timing") else header.timing)

    @property
    def shape(self) -> tuple[int, ...] | None:
        """(rows, columns) or (rows, columns, samples); None unless it holds pixels."""
        return tuple(self._assembly.header.layout.shape) or None

    @property
    def dtype(self) -> str | None:
        """Sample type as numpy writes it, e.g. "<i2"; None unless it holds pixels."""
        return _DTYPES.get(self._assembly.header.layout.sample_type)

    @cached_property
    def metadata(self) -> Metadata | None:
        """Rows, columns, spacing, …; None with output="encoded": ask `Client.metadata`."""
        header = self._assembly.header
        return read_metadata(header.metadata) if header.HasField("metadata") else None


class Image(Answer):
    """An image, whole, and its body checked against the daemon's SHA-256 where it was streamed.

    Attributes:
        data: the body, read-only; mapped from the daemon's cache where that is possible, and
            readable for as long as it is held, whatever the cache does meanwhile.
    """

    def __init__(self, assembly: Assembly, body: Body) -> None:
        super().__init__(assembly)
        self.data = memoryview(body)

    @cached_property
    def pixels(self) -> NDArray[Any]:
        """The samples: read-only, of shape (rows, columns[, samples]), colour interleaved.

        Raises:
            ImportError: numpy is not installed.
            ValueError: the image was loaded in another form than pixels.
        """
        try:
            import numpy as np
        except ImportError:
            raise ImportError(
                "image.pixels needs numpy: pip install imageid[numpy], or read image.data "
                "by image.shape and image.dtype"
            ) from None
        if self.shape is None or self.dtype is None:
            raise ValueError(
                f'the image was loaded as {self.content_type}: load it with output="pixels"'
            )
        strides = tuple(self._assembly.header.layout.strides) or None
        return np.ndarray(self.shape, self.dtype, self.data, strides=strides)

    def __repr__(self) -> str:
        samples = f" {self.dtype}{list(self.shape)}" if self.shape else ""
        return (
            f"<imageid.Image {self.content_type}{samples}, "
            f"{len(self.data)} bytes, {self.cache_status}>"
        )
