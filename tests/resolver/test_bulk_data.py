"""Values that a document only refers to are fetched as everything else is, or stay absent."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file
from tests.resolver.conftest import Answer, ScriptedLoader, World, demand_of

from imageid_daemon.pixels import PixelsOptions
from imageid_daemon.registry import Installed, Registry
from imageid_daemon.resolver import bulk_data
from imageid_loaders.base import Image, Resource
from imageid_loaders.errors import ImageError, NotFound, Unavailable
from origins.bulk_data import Moved

FILE = get_testdata_file("OBXXXX1A.dcm", download=False)
RGB = PixelsOptions(color="rgb")
COLOURS = ("1", "2", "3")


class Referring:
    """An image of WADO-RS whose palette stands elsewhere."""

    def __init__(self, world: World, uri_of=str) -> None:
        self.world = world
        self.data_set = pydicom.dcmread(FILE)
        whole = self.data_set.to_json_dict(bulk_data_threshold=10**9)
        self.moved = Moved(uri_of)
        self.document = self.moved.document(whole)
        self.serve_document()
        for uri, value in self.moved.values.items():
            world.loader.answers[f"series {uri}"] = Answer(value, "application/octet-stream")
        frame = Answer(
            self.data_set.PixelData,
            "application/octet-stream",
            transfer_syntax_uid="1.2.840.10008.1.2.1",
        )
        image = Image(
            Resource("frame", "x://frame"),
            frame=1,
            metadata=(Resource("series", "x://series"),),
            sop_instance_uid=str(self.data_set.SOPInstanceUID),
            container=Resource("instance", "x://instance"),
        )
        self.image_id = world.loader.serve("frame", frame, image)

    def serve_document(self) -> None:
        answer = Answer(json.dumps([self.document]).encode(), "application/dicom+json")
        self.world.loader.serve("series", answer)

    async def palette(self, **demand):
        found, _ = await self.world.resolver.metadata(self.image_id, demand_of(**demand))
        assert found.rows == 600
        return found.palette_color_lookup_table

    def opened(self) -> list[str]:
        """Which values."""
        return sorted(
            key.removeprefix("series ")
            for key in self.world.loader.opened
            if key.startswith("series ")
        )


def expected():
    data_set = pydicom.dcmread(FILE)
    return tuple(
        data_set[f"{color}PaletteColorLookupTableData"].value for color in ("Red", "Green", "Blue")
    )


def entries(palette):
    return tuple(table.data for table in (palette.red, palette.green, palette.blue))


async def test_the_metadata_have_what_their_document_refers_to(world):
    referring = Referring(world)

    palette = await referring.palette()

    assert entries(palette) == expected()
    assert world.loader.opened == ["series", *(f"series {uri}" for uri in COLOURS)]


async def test_they_are_fetched_once_for_any_number_of_callers_and_kept(world):
    referring = Referring(world)

    found = await asyncio.gather(*(referring.palette() for _ in range(20)))
    again = await referring.palette(mode="only-if-cached")

    assert {entries(palette) for palette in [*found, again]} == {expected()}
    assert referring.opened() == list(COLOURS)


async def test_a_batch_has_them_too(world):
    referring = Referring(world)

    ready = world.resolver.describe_all(
        [referring.image_id] * 2, demand_of(), dicom_json=False, check=str
    )
    async with aclosing(ready):
        found = [each async for part in ready for each in part]

    assert [entries(each.metadata.palette_color_lookup_table) for each in found] == [expected()] * 2
    assert referring.opened() == list(COLOURS)


async def test_the_pixels_of_a_frame_are_made_with_them(world):
    referring = Referring(world)

    loaded = await world.load(referring.image_id, RGB)
    again = await world.load(referring.image_id, RGB)

    whole = world.loader.serve("file", Answer(Path(FILE).read_bytes()))
    assert loaded.data == (await world.load(whole, RGB)).data
    assert (again.status, again.digest) == ("hit", loaded.digest)
    assert referring.opened() == list(COLOURS)


async def test_what_the_data_set_as_a_whole_leaves_out_is_not_fetched(world):
    referring = Referring(world)

    document = await world.resolver.dicom_json(referring.image_id, demand_of())

    assert b"00281101" in document
    assert world.loader.opened == ["series"]


@pytest.mark.parametrize(
    "failing",
    [
        Answer(error=NotFound("The origin has no such value.")),
        Answer(error=Unavailable("The origin is down.")),
        Answer(b"ab", promised_bytes=4),
        Answer(b"ab"),
    ],
    ids=["missing", "down", "broken off", "too short"],
)
async def test_what_cannot_be_had_is_absent(world, failing):
    referring = Referring(world)
    world.loader.answers["series 2"] = failing

    assert await referring.palette() is None


async def test_what_could_not_be_had_is_there_as_soon_as_the_origin_gives_it(world):
    referring = Referring(world)
    answer = world.loader.answers["series 2"]
    world.loader.answers["series 2"] = Answer(error=Unavailable("The origin is down."))
    with pytest.raises(ImageError):
        await world.load(referring.image_id, RGB)
    world.loader.answers["series 2"] = answer

    assert entries(await referring.palette()) == expected()
    await world.load(referring.image_id, RGB)


async def test_an_answer_that_lacks_one_rests_on_nothing_that_would_keep_it(world):
    referring = Referring(world)
    world.loader.answers["series 2"] = Answer(error=Unavailable("The origin is down."))

    for _ in range(2):
        async with world.resolver.load(referring.image_id, PixelsOptions(), demand_of()) as answer:
            assert answer.grounds is None


async def test_a_uri_that_the_loader_refuses_is_not_fetched(world):
    referring = Referring(world, lambda number: f"{number}!")

    assert await referring.palette() is None
    assert referring.opened() == []


async def test_a_copy_that_may_not_be_asked_for_stays_absent(world):
    referring = Referring(world)
    await world.resolver.dicom_json(referring.image_id, demand_of())

    assert await referring.palette(mode="only-if-cached") is None
    assert referring.opened() == []


@pytest.mark.parametrize("says_size", [True, False])
async def test_more_bytes_than_an_image_s_values_may_have_are_not_taken(
    world, says_size, monkeypatch
):
    referring = Referring(world)
    monkeypatch.setattr(bulk_data, "BULK_LIMIT_BYTES", 4096)
    forever = asyncio.Event()
    world.loader.answers["series 1"] = Answer(bytes(10**6), says_size=says_size)
    if says_size:
        world.loader.answers["series 1"].released = forever

    assert await referring.palette() is None


class Bare:
    """A loader that has the abilities of every loader, and no others."""

    name = "bare"
    summary = "images of a test"

    def __init__(self, loader: ScriptedLoader) -> None:
        self.resolve, self.open = loader.resolve, loader.open


async def test_a_loader_without_the_ability_leaves_them_absent(world):
    referring = Referring(world)
    world.resolver.registry = Registry([Installed(Bare(world.loader), ("x",), "tests", "0")])

    assert await referring.palette() is None
    assert world.loader.opened == ["series"]
