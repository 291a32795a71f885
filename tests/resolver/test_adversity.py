"""What may go wrong between the origin, the cache and the caller, and who must not notice."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from tests.resolver.conftest import ETAG, Answer, ScriptedLoader, demand_of
from tests.resolver.test_representations import PIXELS, LoneFrames

from imageid_daemon.registry import Installed, Registry
from imageid_daemon.resolver import description_of
from imageid_loaders.errors import ImageError, NotInCache

OTHER_SYNTAX = "1.2.840.10008.1.2"


class GatedLoader(ScriptedLoader):
    """An origin that answers nothing until it is let."""

    def __init__(self):
        super().__init__()
        self.gate = asyncio.Event()
        self.has_been_asked = asyncio.Event()

    @asynccontextmanager
    async def open(self, request):
        self.has_been_asked.set()
        await self.gate.wait()
        async with super().open(request) as source:
            yield source


@pytest.fixture
def gated(world):
    """The world's store behind a resolver whose origin has a gate."""
    world.loader = GatedLoader()
    registry = Registry([Installed(world.loader, ("x",), "tests", "0")])
    world.resolver.registry = registry
    return world


async def test_a_frame_that_its_origin_labels_anew_is_described_anew(world):
    series = LoneFrames(world, count=1)
    [image_id] = series.ids
    await world.load(image_id, PIXELS)
    series.frame.transfer_syntax_uid = OTHER_SYNTAX

    async with world.resolver.load(image_id, PIXELS, demand_of("reload")) as answer:
        described = description_of(await answer.whole()).metadata

    assert described.transfer_syntax_uid == OTHER_SYNTAX


async def test_what_the_second_document_describes_is_found_without_asking_an_origin(world):
    series = LoneFrames(world, count=1)
    del world.loader.answers["series"]
    series.describe([1], name="metadata/1")
    await world.load(series.ids[0], PIXELS)
    world.loader.opened.clear()

    again = await world.load(series.ids[0], PIXELS, mode="only-if-cached")
    stat = await world.stat(series.ids[0], PIXELS)

    assert (again.status, stat.cached, world.loader.opened) == ("hit", True, [])


async def test_without_any_document_in_the_cache_the_image_is_not_in_the_cache(world):
    series = LoneFrames(world, count=1)

    with pytest.raises(NotInCache):
        await world.load(series.ids[0], PIXELS, mode="only-if-cached")
    assert world.loader.opened == []


async def test_a_copy_that_is_evicted_while_its_origin_confirms_it_is_served_all_the_same(gated):
    image_id = gated.loader.serve(
        "a", Answer(b"abc", headers={"etag": ETAG, "cache-control": "no-cache"})
    )
    gated.loader.gate.set()
    await gated.load(image_id)
    gated.loader.gate.clear()
    gated.loader.has_been_asked.clear()

    waiting = asyncio.create_task(gated.load(image_id))
    await gated.loader.has_been_asked.wait()
    await gated.resolver.evict_all(count_only=False)
    gated.loader.gate.set()

    loaded = await waiting
    assert (loaded.data, loaded.status) == (b"abc", "revalidated")


async def test_a_bug_of_a_loader_is_found_in_the_log_by_its_request_id(world, capsys):
    class Broken(ScriptedLoader):
        def open(self, request):
            raise ZeroDivisionError(request.resource.url)

    world.loader.serve("a", Answer())
    broken = Broken()
    broken.images = world.loader.images
    world.resolver.registry = Registry([Installed(broken, ("x",), "tests", "0")])

    with pytest.raises(ImageError) as failure:
        await world.load("x:a")

    printed = "".join(capsys.readouterr())
    assert failure.value.reason == "INTERNAL"
    assert failure.value.metadata["request_id"] in printed
    assert "x://a" not in printed + failure.value.message
