"""Loads a case cold and warm and says what was wrong with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import imageid
from demo.cases import Case
from origins.reference import difference

THUMBNAIL = imageid.Rendered("png", size=(160, 160))


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row of the table.

    Args:
        origin_requests: of the cold and of the warm load.
        differs: how the body differs from a direct read, empty where it does not.
        thumbnail: PNG.
    """

    case: Case
    shape: tuple[int, ...] | None
    dtype: str
    cache_statuses: tuple[str, str]
    milliseconds: tuple[float, float]
    origin_requests: tuple[int, int]
    differs: str
    thumbnail: bytes

    @property
    def problems(self) -> list[str]:
        """What is wrong with the row, in words."""
        found = [self.differs] if self.differs else []
        if self.cache_statuses[0] != "miss":
            found.append(f"the cold load was a {self.cache_statuses[0]}")
        if self.cache_statuses[1] not in ("hit", "revalidated"):
            found.append(f"the warm load was a {self.cache_statuses[1]}")
        if bool(self.origin_requests[0]) != self.case.asks_origin:
            found.append(f"the cold load cost {self.origin_requests[0]} origin requests")
        if self.origin_requests[1]:
            found.append(f"the warm load cost {self.origin_requests[1]} origin requests")
        return found


async def outcome_of(
    case: Case, client: imageid.aio.Client, origin_requests: Callable[[], int]
) -> Outcome:
    """Raises imageid.Error where the image cannot be loaded at all."""
    requests = [origin_requests()]
    seconds = [time.perf_counter()]
    images = []
    for _ in range(2):
        images.append(await client.load(case.image_id, case.output))
        seconds.append(time.perf_counter())
        requests.append(origin_requests())
    cold, warm = images
    differs = difference_of(cold, case) or difference_of(warm, case)
    shape = body_of(cold).shape
    thumbnail = await client.load(case.image_id, THUMBNAIL)
    return Outcome(
        case,
        None if case.output == "encoded" else shape,
        "" if case.output == "encoded" else body_of(cold).dtype.name,
        (cold.cache_status, warm.cache_status),
        ((seconds[1] - seconds[0]) * 1000, (seconds[2] - seconds[1]) * 1000),
        (requests[1] - requests[0], requests[2] - requests[1]),
        differs,
        bytes(thumbnail.data),
    )


def difference_of(image: imageid.Image, case: Case) -> str:
    expected = case.expected()
    if isinstance(expected, bytes):
        return "" if bytes(image.data) == expected else "the bytes differ"
    return difference(body_of(image), expected)


def body_of(image: imageid.Image) -> NDArray[np.generic]:
    """The samples of pixels or of a picture; the bytes of anything else."""
    if image.shape is not None:
        return image.pixels
    if image.content_type in ("image/png", "image/jpeg"):
        with Image.open(BytesIO(bytes(image.data))) as picture:
            return np.asarray(picture)
    return np.frombuffer(image.data, np.uint8)
