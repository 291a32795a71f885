"""Slices are put on each other by where they are, or refused with the reason."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageid import Metadata
from imageid._geometry import GeometryError, Plane, plane_of, stack

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def plane(z: float = 0.0, **changes) -> Plane:
    described = {
        "rows": 4,
        "columns": 6,
        "position": (-10.0, -20.0, z),
        "orientation": AXIAL,
        "pixel_spacing": (0.5, 0.75),
        "frame_of_reference_uid": "1.2",
        "thickness": 2.0,
    }
    return Plane(**(described | changes))


def rotated(angles: tuple[float, float, float]) -> tuple[tuple[float, ...], ...]:
    """Three orthogonal directions."""
    a, b, c = angles
    x = (math.cos(a) * math.cos(b), math.sin(a) * math.cos(b), -math.sin(b))
    y = (
        math.cos(a) * math.sin(b) * math.sin(c) - math.sin(a) * math.cos(c),
        math.sin(a) * math.sin(b) * math.sin(c) + math.cos(a) * math.cos(c),
        math.cos(b) * math.sin(c),
    )
    z = (x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0])
    return x, y, z


ANGLES = st.tuples(*[st.floats(-3.1, 3.1)] * 3)


@given(ANGLES, st.integers(1, 40), st.floats(0.2, 10), st.randoms(use_true_random=False))
def test_slices_in_any_order_and_direction_come_in_that_of_their_normal(
    angles, count: int, step: float, chance: random.Random
):
    x, y, z = rotated(angles)
    places = [tuple(5.0 + number * step * each for each in z) for number in range(count)]
    shuffled = list(range(count))
    chance.shuffle(shuffled)

    found = stack(
        [plane(position=places[n], orientation=(*x, *y), thickness=step) for n in shuffled]
    )

    assert [shuffled[index] for index in found.order] == list(range(count))
    assert found.spacing == pytest.approx((step, 0.5, 0.75))
    assert found.origin == pytest.approx(places[0])
    for column, expected in enumerate((x, y, z)):
        assert [row[column] for row in found.direction] == pytest.approx(expected, abs=1e-9)


@given(ANGLES, st.integers(2, 9), st.integers(2, 9))
def test_the_direction_is_right_handed_and_leads_from_the_first_slice_to_the_last(
    angles, count, step
):
    x, y, z = rotated(angles)
    planes = [
        plane(position=tuple(-number * step * each for each in z), orientation=(*x, *y))
        for number in range(count)
    ]

    found = stack(planes)

    last = planes[found.order[-1]].position
    along = [row[2] * found.spacing[0] * (count - 1) for row in found.direction]
    assert [o + a for o, a in zip(found.origin, along, strict=True)] == pytest.approx(
        last, abs=1e-6
    )


def test_a_missing_slice_is_refused_with_the_place_where_it_is_missing():
    with pytest.raises(GeometryError, match=r"from image 1 to image 2 it is 4.000 mm and 2.000 mm"):
        stack([plane(0), plane(2), plane(6), plane(8)])


def test_gaps_may_be_accepted():
    found = stack([plane(0), plane(2), plane(6), plane(8)], gaps="accept")

    assert found.order == (0, 1, 2, 3)
    assert found.spacing[0] == 2.0


def test_rounding_of_positions_is_no_gap():
    found = stack([plane(0.0), plane(1.667), plane(3.333), plane(5.0)])

    assert found.spacing[0] == pytest.approx(5.0 / 3)


def test_rounding_of_positions_does_not_add_up():
    found = stack([plane(round(0.625 * number, 2)) for number in range(401)])

    assert found.spacing[0] == pytest.approx(0.625)


def test_distances_that_grow_little_by_little_are_refused():
    places = [number + 0.004 * number**2 for number in range(50)]

    with pytest.raises(GeometryError, match="a slice is missing"):
        stack([plane(place) for place in places])


@pytest.mark.parametrize(
    "change",
    [
        {"image_orientation_patient": (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)},
        {"image_orientation_patient": (0.0, 0.0, 0.0, 0.0, 1.0, 0.0)},
        {"image_orientation_patient": (math.nan, 0.0, 0.0, 0.0, 1.0, 0.0)},
        {"image_position_patient": (0.0, 0.0, math.inf)},
        {"pixel_spacing": (0.0, 0.5)},
    ],
)
def test_what_is_no_place_is_refused(change):
    said = {
        "image_position_patient": (0.0, 0.0, 0.0),
        "image_orientation_patient": AXIAL,
        "pixel_spacing": (0.5, 0.5),
    }

    with pytest.raises(GeometryError, match="image 7 says where it is by what is no place"):
        plane_of(Metadata(**(said | change)), 7)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"rows": 5}, "5x6 and 4x6 pixels"),
        ({"pixel_spacing": (0.5, 0.8)}, "different size"),
        ({"orientation": (0.0, 1.0, 0.0, 0.0, 0.0, 1.0)}, "not parallel"),
        ({"frame_of_reference_uid": "1.3"}, "frames of reference"),
    ],
)
def test_images_of_different_kinds_are_refused_or_the_largest_number_is_taken(change, why):
    planes = [plane(1, **change), plane(0), plane(2)]

    with pytest.raises(GeometryError, match=why):
        stack(planes)

    assert stack(planes, mixed="largest").order == (1, 2)


def test_two_slices_at_one_place_are_refused():
    with pytest.raises(GeometryError, match="images 0 and 2 are at the same place"):
        stack([plane(0), plane(2), plane(0), plane(4)])


def test_a_tilted_gantry_is_refused():
    planes = [plane(z, position=(-10.0, -20.0 + 0.3 * z, z)) for z in (0.0, 2.0, 4.0)]

    with pytest.raises(GeometryError, match="sheared"):
        stack(planes)


def test_one_slice_is_as_thick_as_it_says():
    assert stack([plane()]).spacing[0] == 2.0

    with pytest.raises(GeometryError, match="how thick"):
        stack([plane(thickness=None)])


def test_no_slice_is_no_volume():
    with pytest.raises(GeometryError, match="no images"):
        stack([])
