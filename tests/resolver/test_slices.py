"""The order of a listing."""

import random

import numpy as np
import pytest

from imageid_daemon.slices import in_slice_order
from imageid_loaders.base import ListedImage

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


def listed(name, position=None, orientation=AXIAL, number=None, series="1", frame=None):
    return ListedImage(
        image_id=name,
        series_instance_uid=series,
        instance_number=number,
        frame_number=frame,
        position=position,
        orientation=orientation if position else None,
    )


def order(images):
    shuffled = list(images)
    random.Random(7).shuffle(shuffled)
    return [image.image_id for image in in_slice_order(shuffled)]


def test_slices_lie_along_the_normal_of_their_plane_whatever_their_numbers_say():
    images = [listed(str(z), (0.0, 0.0, float(z)), number=9 - z) for z in range(9)]

    assert order(images) == list("012345678")


def test_the_direction_is_that_of_the_cross_product_of_rows_and_columns():
    images = [listed(str(x), (float(x), 0.0, 0.0), SAGITTAL) for x in range(3)]

    assert order(images) == ["2", "1", "0"]


@pytest.mark.parametrize("columns", [(0.0, 0.8, -0.6), (0.0, -0.8, 0.6)])
def test_oblique_slices_lie_along_their_own_normal_which_their_columns_may_reverse(columns):
    orientation = (1.0, 0.0, 0.0, *columns)
    normal = np.cross(orientation[:3], columns)
    # Each slice is also shifted within its plane, which must not count.
    images = [
        listed(str(n), tuple(n * normal + (-1) ** n * 50 * np.array(columns)), orientation)
        for n in range(9)
    ]

    assert order(images) == list("012345678")


def test_images_at_one_position_stay_in_the_order_of_their_numbers():
    images = [listed(f"{z}-{n}", (0.0, 0.0, float(z)), number=n) for z in (0, 1) for n in (1, 2)]

    assert order(images) == ["0-1", "0-2", "1-1", "1-2"]


def test_without_positions_the_numbers_count_and_an_image_without_one_comes_last():
    images = [listed("b", number=10), listed("a", number=9), listed("c")]

    assert order(images) == ["a", "b", "c"]


def test_a_series_of_several_orientations_is_ordered_by_number():
    images = [
        listed("localizer", (0.0, 0.0, 9.0), SAGITTAL, number=1),
        listed("first", (0.0, 0.0, 1.0), number=2),
        listed("second", (0.0, 0.0, 0.0), number=3),
    ]

    assert order(images) == ["localizer", "first", "second"]


def test_frames_of_one_instance_stay_in_their_order():
    assert order([listed(f"{n:02}", number=1, frame=n) for n in range(1, 13)]) == [
        f"{n:02}" for n in range(1, 13)
    ]


def test_series_stay_together():
    images = [listed(f"{s}{n}", number=n, series=s) for s in "ab" for n in (1, 2)]

    assert order(images) == ["a1", "a2", "b1", "b2"]


def test_nothing_listed_is_nothing_ordered():
    assert in_slice_order([]) == []
