"""The order of slices in a listing: by geometry where the images say it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from imageid_loaders.base import ListedImage


def in_slice_order(images: Iterable[ListedImage]) -> list[ListedImage]:
    """Sort a listing: series by UID, and in each series along the slice normal.

    The normal is the cross product of the row and column cosines of the series' first
    image (PS3.3 C.7.6.2.1.1). A series whose images do not all share that orientation,
    or do not all have a position, is sorted by InstanceNumber, frame and imageId.
    """
    by_series = sorted(images, key=lambda image: image.series_instance_uid or "")
    ordered: list[ListedImage] = []
    for _, series in groupby(by_series, key=lambda image: image.series_instance_uid or ""):
        ordered += _ordered_series(list(series))
    return ordered


def _ordered_series(series: list[ListedImage]) -> list[ListedImage]:
    series.sort(key=_by_number)
    normal = _common_normal(series)
    if normal is None:
        return series
    # A stable sort: images at one position (cardiac phases) stay in their numbers' order.
    return sorted(series, key=lambda image: round(_along(normal, image), 3))


def _by_number(image: ListedImage) -> tuple[bool, int, int, str]:
    number = image.instance_number
    return (number is None, number or 0, image.frame_number or 0, image.image_id)


def _common_normal(series: list[ListedImage]) -> tuple[float, float, float] | None:
    orientation = series[0].orientation
    if orientation is None or len(series) < 2:
        return None
    for image in series:
        if image.position is None or image.orientation is None:
            return None
        if max(abs(a - b) for a, b in zip(image.orientation, orientation, strict=True)) > 1e-3:
            return None
    rx, ry, rz, cx, cy, cz = orientation
    return (ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx)


def _along(normal: tuple[float, float, float], image: ListedImage) -> float:
    position = image.position or (0.0, 0.0, 0.0)
    return sum(n * p for n, p in zip(normal, position, strict=True))
