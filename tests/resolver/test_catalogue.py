"""What is stored: listed page by page, forgotten by what it says of itself, pinned for a time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from tests.resolver.conftest import Answer, world_at

from imageid_daemon.pixels import PixelsOptions, RenderedOptions
from imageid_daemon.resolver import selection
from imageid_loaders.errors import PinLimit

PIXELS, RENDERED = PixelsOptions(), RenderedOptions()
CT = Path(get_testdata_file("CT_small.dcm", download=False)).read_bytes()
STUDY = "1.3.6.1.4.1.5962.1.2.1.20040119072730.12322"
LATER = time.time() + 3600


async def listed(world, chosen=selection.everything, count=1000):
    found, after = [], ""
    while after is not None:
        page, after = await world.resolver.catalogue.page(chosen, after, count)
        found += page
    return found


async def remaining(world):
    return {(each.entry.url, each.entry.representation) for each in await listed(world)}


async def evict_where(world, chosen, *, include_pinned=False):
    keys = await world.resolver.catalogue.keys_of_chosen(chosen)
    return await world.resolver.evict_keys(keys, count_only=False, include_pinned=include_pinned)


async def loaded(world, name, *outputs, data=b"x"):
    image_id = world.loader.serve(name, Answer(data))
    for output in outputs or (None,):
        await world.load(image_id, output)
    return image_id


async def test_an_entry_says_its_url_and_what_it_is(world):
    await loaded(world, "ct", PIXELS, RENDERED, data=CT)

    assert await remaining(world) == {
        ("x://ct", "encoded"),
        ("x://ct", "pixels"),
        ("x://ct", "rendered"),
    }


async def test_pages_of_one_have_all_that_is_chosen(world):
    for name in "abcd":
        await loaded(world, name, data=name.encode())

    found = await listed(world, lambda entry: entry.url != "x://b", count=1)

    assert sorted(each.entry.url for each in found) == ["x://a", "x://c", "x://d"]


async def test_a_prefix_takes_what_was_derived_too_and_nothing_else(world):
    await loaded(world, "ct/1", PIXELS, data=CT)
    await loaded(world, "other")

    evicted = await evict_where(world, selection.by_prefix("x://ct/"))

    assert evicted.entries == 2
    assert await remaining(world) == {("x://other", "encoded")}


async def test_a_study_takes_the_file_whose_pixels_say_it(world):
    await loaded(world, "ct", PIXELS, data=CT)
    await loaded(world, "other")

    evicted = await evict_where(world, selection.by_study(STUDY))

    assert evicted.entries == 2
    assert await remaining(world) == {("x://other", "encoded")}


async def test_a_pinned_image_is_kept_with_what_it_was_made_of(world):
    image_id = await loaded(world, "ct", PIXELS, data=CT)
    await world.resolver.catalogue.pin([image_id], LATER, "")
    await loaded(world, "other")

    evicted = await world.resolver.evict_all(count_only=False)

    assert (evicted.entries, evicted.pinned) == (1, 2)
    assert await remaining(world) == {("x://ct", "encoded"), ("x://ct", "pixels")}


async def test_a_pinned_image_goes_where_that_is_said_and_its_pin_with_it(world):
    image_id = await loaded(world, "a")
    await world.resolver.catalogue.pin([image_id], LATER, "")

    evicted = await world.resolver.evict([image_id], count_only=False, include_pinned=True)
    await world.load(image_id)

    assert (evicted.entries, evicted.pinned) == (1, 0)
    assert [each.pin for each in await listed(world)] == [None]


async def test_a_label_finds_what_was_pinned_under_it(world):
    one, two = await loaded(world, "a", data=b"1"), await loaded(world, "b", data=b"2")
    await world.resolver.catalogue.pin([one], LATER, "round")
    await world.resolver.catalogue.pin([two], LATER, "other")

    keys = world.resolver.catalogue.keys_of_tag("round")

    assert {each.entry.url for each in await listed(world) if each.entry.key in keys} == {"x://a"}


async def test_what_is_not_stored_is_not_pinned_and_said_so(world):
    there = await loaded(world, "a")
    absent = world.loader.serve("b", Answer(b"1"))

    not_stored = await world.resolver.catalogue.pin([absent, there], LATER, "")

    assert not_stored == [0]


async def test_pins_over_their_share_are_refused_and_none_is_made(tmp_path):
    async with world_at(tmp_path / "cache", limit_bytes=2000) as world:
        small = await loaded(world, "small", data=b"1" * 600)
        large = await loaded(world, "large", data=b"2" * 700)
        await world.resolver.catalogue.pin([small], LATER, "")

        with pytest.raises(PinLimit):
            await world.resolver.catalogue.pin([small, large], LATER + 1, "")

        assert world.resolver.catalogue.pinned_bytes == 600


async def test_a_pinned_image_stays_when_others_need_room(tmp_path):
    async with world_at(tmp_path / "cache", limit_bytes=2000) as world:
        pinned = await loaded(world, "pinned", data=b"p" * 900)
        await world.resolver.catalogue.pin([pinned], LATER, "")

        for number in range(8):
            await loaded(world, f"{number}", data=f"{number}".encode() * 500)

        assert (await world.load(pinned)).status == "hit"


async def test_an_image_that_is_unpinned_may_go(world):
    image_id = await loaded(world, "a")
    await world.resolver.catalogue.pin([image_id], LATER, "")

    await world.resolver.catalogue.unpin([image_id])

    assert world.resolver.catalogue.pinned_bytes == 0
