"""Many images by few requests: who is served by what, and that nobody is worse off than alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
import pytest_asyncio
from tests.resolver.conftest import FRESH, Answer, ScriptedLoader, demand_of, world_at

from imageid_daemon.callers import Caller, Priority
from imageid_daemon.registry import Installed, Registry
from imageid_loaders.base import Bundle, Image, ListedImage, Part, Resource, Source, Transport
from imageid_loaders.errors import Corrupt, ImageError, NotSeparable
from turns import settled, until

NAMES = "abcdef"
VIEWER = Caller("viewer")
SCRIPT = Caller("script", Priority.PREFETCH)


@dataclass
class Together:
    """What the origin answers to one request for all.

    Args:
        order: the parts as they come; names that no image has are nobody's.
        reached: set when a name's part has come, and all before it are read.
        gates: a name's second half waits for its event.
        waits: so does the part itself for these.
        error: at the end, or at once where `order` is empty.
        breaks_within: the part that is cut in its middle.
    """

    order: str = NAMES
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    waits: dict[str, asyncio.Event] = field(default_factory=dict)
    error: Exception | None = None
    breaks_within: str = ""
    headers: dict[str, str] = field(default_factory=lambda: dict(FRESH))
    says_size: bool = True


class BundlingLoader(ScriptedLoader):
    """All its images stand in one series; the answer to that is scripted, too."""

    def __init__(self) -> None:
        super().__init__()
        self.together = Together()
        self.asked: list[int] = []
        self.sent: list[str] = []
        self.is_exact = False
        self.closed = 0
        self.delivering = asyncio.Event()

    def bundles(self, resources: Sequence[Resource]) -> list[Bundle]:
        if len(resources) < 2:
            return []
        return [Bundle("x://host/series", tuple(resources), self.is_exact)]

    @asynccontextmanager
    async def open_bundle(
        self, bundle: Bundle, transport: Transport
    ) -> AsyncIterator[AsyncIterator[Part]]:
        self.asked.append(len(bundle.resources))
        by_key = {resource.key: resource for resource in bundle.resources}
        if self.together.error is not None and not self.together.order:
            raise self.together.error
        try:
            yield self._parts(by_key)
        finally:
            self.closed += 1

    async def _parts(self, by_key: dict[str, Resource]) -> AsyncIterator[Part]:
        together = self.together
        for name in together.order:
            if name in together.waits:
                self.delivering.set()
                await together.waits[name].wait()
            self.sent.append(name)
            size_bytes = 2 if together.says_size else None
            yield Part(
                by_key.get(name),
                Source("application/dicom", self._chunks(name), size_bytes, None, together.headers),
            )
        if together.error is not None:
            raise together.error

    async def _chunks(self, name: str) -> AsyncIterator[bytes]:
        yield name.encode()
        if name in self.together.gates:
            self.delivering.set()
            await self.together.gates[name].wait()
        if name == self.together.breaks_within:
            raise Corrupt("The answer broke off.")
        yield name.encode()


@pytest_asyncio.fixture
async def world(tmp_path):
    async with world_at(tmp_path / "cache", decodes=False) as made:
        made.loader = BundlingLoader()
        made.resolver.registry = Registry([Installed(made.loader, ("x",), "tests", "0")])
        for name in NAMES + "uvwx":
            made.loader.serve(name, Answer((name * 2).encode()))
        yield made


def ids(names=NAMES):
    return [f"x:{name}" for name in names]


def expecting(world, names=NAMES, caller=VIEWER, mode="default"):
    demand = replace(demand_of(mode), caller=caller)
    return world.resolver.expecting(ids(names), [None], demand, check=lambda image_id: None)


async def load(world, name, caller=VIEWER):
    demand = replace(demand_of(), caller=caller)
    async with world.resolver.load(f"x:{name}", None, demand) as answer:
        entry = await answer.whole()
        return (await answer.body.read(0, 100)).decode(), answer.status.value, entry.size_bytes


async def load_all(world, names=NAMES, caller=VIEWER):
    return [each[0] for each in await asyncio.gather(*(load(world, n, caller) for n in names))]


async def test_images_that_are_expected_come_by_one_request(world):
    async with expecting(world):
        loaded = await load_all(world)

    assert loaded == [name * 2 for name in NAMES]
    assert (world.loader.asked, world.loader.opened) == ([6], [])
    assert [await load(world, name) for name in "af"] == [("aa", "hit", 2), ("ff", "hit", 2)]


async def test_they_may_come_in_any_order(world):
    world.loader.together.order = "fcbade"

    async with expecting(world):
        loaded = await load_all(world)

    assert loaded == [name * 2 for name in NAMES]
    assert world.loader.opened == []


async def test_an_image_is_stored_although_nobody_has_loaded_it_yet(world):
    async with expecting(world):
        await until(lambda: world.store.ledger.entries == 6)

    assert [(await world.load(image_id)).status for image_id in ids()] == ["hit"] * 6


async def test_a_part_of_unknown_size_is_stored_although_nobody_has_loaded_it_yet(world):
    world.loader.together.says_size = False

    async with expecting(world):
        await until(lambda: world.store.ledger.entries == 6)

    assert world.loader.opened == []


async def test_what_is_stored_is_not_asked_for_again(world):
    await load(world, "a")

    async with expecting(world):
        await load_all(world)

    assert (world.loader.asked, world.loader.opened) == ([5], ["a"])


async def test_the_first_byte_of_a_part_reaches_its_caller_before_the_part_is_whole(world):
    gate = world.loader.together.gates["a"] = asyncio.Event()

    demand = replace(demand_of(), caller=VIEWER)
    async with expecting(world), world.resolver.load("x:a", None, demand) as answer:
        assert await answer.body.read(0, 100) == b"a"
        gate.set()
        assert await answer.body.read(1, 100) == b"a"


async def test_a_part_that_does_not_come_is_fetched_alone(world):
    world.loader.together.order = "abdef"

    async with expecting(world):
        loaded = await load_all(world)

    assert loaded == [name * 2 for name in NAMES]
    assert world.loader.opened == ["c"]


@pytest.mark.parametrize("error", [NotSeparable("no"), Corrupt("no"), RuntimeError("a bug")])
async def test_where_the_origin_answers_nothing_together_all_are_fetched_alone(world, error):
    world.loader.together = Together(order="", error=error)

    async with expecting(world):
        loaded = await load_all(world)

    assert loaded == [name * 2 for name in NAMES]
    assert sorted(world.loader.opened) == list(NAMES)


async def test_an_answer_that_breaks_off_has_delivered_what_came_whole(world):
    world.loader.together = Together(order="abc", error=Corrupt("The answer broke off."))

    async with expecting(world):
        loaded = await load_all(world)

    assert loaded == [name * 2 for name in NAMES]
    assert sorted(world.loader.opened) == list("def")


async def test_the_part_that_an_answer_breaks_off_in_is_completed_alone(world):
    world.loader.together = Together(breaks_within="c")

    async with expecting(world):
        loaded = await load_all(world)

    assert loaded == [name * 2 for name in NAMES]
    assert "c" in world.loader.opened
    assert await load(world, "c") == ("cc", "hit", 2)


@pytest.mark.parametrize("alone", [Answer(b"xc"), Answer(b"c"), Answer(b"cc", "image/png")])
async def test_it_is_not_completed_by_another_body(world, alone):
    world.loader.together = Together(breaks_within="c")
    world.loader.serve("c", alone)

    async with expecting(world):
        with pytest.raises(Corrupt):
            await load(world, "c")

    assert (await load(world, "c"))[1] == "miss"


async def test_an_origin_that_refused_twice_is_not_asked_a_third_time(world):
    world.loader.together = Together(order="", error=NotSeparable("no"))

    for _ in range(3):
        async with expecting(world):
            await load_all(world)
        await world.resolver.evict_all(count_only=False)

    assert world.loader.asked == [6, 6]


async def test_an_answer_with_too_much_that_nobody_wants_is_broken_off(world):
    world.loader.together.order = "uvwxyzabcdef"

    async with expecting(world):
        loaded = await load_all(world)

    assert loaded == [name * 2 for name in NAMES]
    assert (world.loader.sent, world.loader.closed) == (list("uvw"), 1)
    assert sorted(world.loader.opened) == list(NAMES)


async def test_it_is_not_tried_again_for_as_few_of_that_series(world):
    world.loader.together.order = "uvwxyzabcdef"
    async with expecting(world):
        await load_all(world)
    await world.resolver.evict_all(count_only=False)

    async with expecting(world):
        await load_all(world)

    assert world.loader.asked == [6]


async def test_of_a_series_that_was_listed_a_few_images_are_fetched_alone_from_the_start(world):
    world.loader.list_images = listing_of(NAMES + "uvwx")
    await world.resolver.list_images("x:series", demand_of())

    async with expecting(world, "abcd"):
        await load_all(world, "abcd")

    assert (world.loader.asked, len(world.loader.opened)) == ([], 4)


async def test_a_small_series_that_was_listed_is_one_request(world):
    world.loader.list_images = listing_of("abc")
    world.loader.together.order = "abc"
    await world.resolver.list_images("x:series", demand_of())

    async with expecting(world, "abc"):
        await load_all(world, "abc")

    assert (world.loader.asked, world.loader.opened) == ([3], [])


def listing_of(names):
    async def list_images(root, read):
        return [ListedImage(f"x:{name}") for name in names]

    return list_images


async def test_what_nobody_wants_is_not_stored(world):
    world.loader.together.order = "uabcdef"

    async with expecting(world):
        await load_all(world)

    assert world.store.ledger.entries == 6


async def test_callers_who_expect_the_same_share_one_request(world):
    gate = world.loader.together.waits["a"] = asyncio.Event()

    async with expecting(world), expecting(world, caller=SCRIPT):
        loads = [load_all(world), load_all(world, caller=SCRIPT)]
        both = asyncio.gather(*loads)
        await world.loader.delivering.wait()
        gate.set()
        assert await both == [[name * 2 for name in NAMES]] * 2

    assert (world.loader.asked, world.loader.opened) == ([6], [])


async def test_who_expects_what_others_wait_for_already_waits_with_them(world):
    gate, other = asyncio.Event(), Caller("another viewer")
    world.loader.together.waits["a"] = gate

    async with expecting(world):
        first = asyncio.create_task(load_all(world))
        await until(lambda: world.resolver.running_fills == len(NAMES))
        async with expecting(world, caller=other):
            second = asyncio.create_task(load_all(world, caller=other))
            await settled()
            gate.set()
            assert await first == await second == [name * 2 for name in NAMES]

    assert (world.loader.asked, world.loader.opened) == ([6], [])


async def test_a_caller_that_did_not_ask_for_the_bundle_does_not_wait_for_its_part(world):
    gate = world.loader.together.waits["a"] = asyncio.Event()

    async with expecting(world, caller=SCRIPT):
        await world.loader.delivering.wait()
        waiting = asyncio.create_task(load(world, "e", SCRIPT))
        await asyncio.sleep(0)
        assert (await load(world, "e", VIEWER))[0] == "ee"
        assert (await waiting)[0] == "ee"
        gate.set()
        await load_all(world, caller=SCRIPT)

    assert (world.loader.asked, world.loader.opened) == ([6], ["e"])


async def test_the_request_ends_when_nobody_expects_its_images_any_more(world):
    world.loader.together.waits["c"] = asyncio.Event()

    async with expecting(world):
        await world.loader.delivering.wait()

    await until(lambda: world.loader.closed == 1 and not world.resolver.running_fills)
    assert world.loader.sent == ["a", "b"]


async def test_one_caller_leaves_the_request_to_the_others(world):
    gate = world.loader.together.waits["c"] = asyncio.Event()

    async with expecting(world, caller=SCRIPT):
        async with expecting(world):
            await world.loader.delivering.wait()
        gate.set()
        await load_all(world, caller=SCRIPT)

    assert (world.loader.asked, world.loader.opened) == ([6], [])


async def test_a_part_that_another_caller_follows_is_whole_before_the_request_ends(world):
    gate = world.loader.together.gates["b"] = asyncio.Event()

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(expecting(world, caller=SCRIPT))
        await world.loader.delivering.wait()
        following = asyncio.create_task(load(world, "b", VIEWER))
        await until(lambda: world.resolver.running_fills == 1)
        await asyncio.sleep(0)
        await stack.aclose()
        gate.set()

    assert (await following)[:2] == ("bb", "coalesced")
    await until(lambda: world.loader.closed == 1)
    assert world.loader.sent == ["a", "b"]


async def test_a_caller_that_waits_for_a_part_which_is_given_up_fetches_it_alone(world):
    world.loader.together.waits["a"] = asyncio.Event()

    async with expecting(world):
        await world.loader.delivering.wait()
        waiting = asyncio.create_task(load(world, "d"))
        await until(lambda: world.resolver.running_fills == 1)

    assert (await waiting)[0] == "dd"
    assert world.loader.opened == ["d"]


async def test_a_caller_that_leaves_its_image_does_not_end_the_request(world):
    gate = world.loader.together.waits["a"] = asyncio.Event()

    async with expecting(world):
        await world.loader.delivering.wait()
        leaving = asyncio.create_task(load(world, "a"))
        await until(lambda: world.resolver.running_fills == 1)
        leaving.cancel()
        await asyncio.wait([leaving])
        gate.set()
        loaded = await load_all(world)

    assert loaded == [name * 2 for name in NAMES]
    assert world.loader.opened == []


@pytest.mark.parametrize("cache_control", ["no-store", "no-cache", "max-age=0"])
async def test_answers_that_may_not_be_kept_are_not_fetched_together(world, cache_control):
    world.loader.together.headers = {"cache-control": cache_control}

    async with expecting(world):
        loaded = await load_all(world)

    assert loaded == [name * 2 for name in NAMES]
    assert world.loader.sent == ["a"]
    assert sorted(world.loader.opened) == list(NAMES)


@pytest.mark.parametrize("mode", ["no-cache", "reload", "no-store", "only-if-cached"])
async def test_who_demands_more_than_a_copy_is_served_image_by_image(world, mode):
    async with expecting(world, mode=mode):
        pass

    assert world.loader.asked == []


async def test_a_full_disk_lets_them_pass_one_by_one(world):
    world.store.disk.refused(OSError())

    async with expecting(world):
        loaded = await load_all(world)

    assert loaded == [name * 2 for name in NAMES]
    assert world.loader.asked == []


async def test_a_prefetched_series_is_one_request(world):
    demand = replace(demand_of(), caller=SCRIPT)
    parts = world.resolver.prefetch(
        ids(), [None], demand, keep=None, detach=False, check=lambda image_id: None
    )
    results = [result async for part in parts for result in part]

    assert {(each.error, each.stored) for each in results} == {(None, True)}
    assert (world.loader.asked, world.loader.opened) == ([6], [])


async def test_an_image_id_that_must_not_reach_a_loader_does_not(world):
    def check(image_id):
        raise ImageError("not this one")

    async with world.resolver.expecting(ids(), [None], demand_of(), check=check):
        pass

    assert world.loader.asked == []


async def test_a_daemon_that_stops_leaves_no_request_behind(tmp_path):
    async with world_at(tmp_path / "other", decodes=False) as world:
        loader = BundlingLoader()
        world.resolver.registry = Registry([Installed(loader, ("x",), "tests", "0")])
        for name in NAMES:
            loader.serve(name, Answer((name * 2).encode()))
        loader.together.gates["a"] = asyncio.Event()
        world.loader = loader
        expected = expecting(world)
        await expected.__aenter__()
        await loader.delivering.wait()

    assert loader.closed == 1
    await expected.__aexit__(None, None, None)


# In the background


async def test_a_prefetched_series_is_not_read_on_while_somebody_waits_for_an_image(world):
    gate = world.loader.together.waits["b"] = asyncio.Event()
    released = asyncio.Event()
    world.loader.serve("z", Answer(b"zz", released=released), Image(Resource("z", "x://host/z")))

    async with expecting(world, caller=SCRIPT):
        await world.loader.delivering.wait()
        looking = asyncio.create_task(load(world, "z"))
        await until(lambda: "z" in world.loader.opened)
        gate.set()
        await until(lambda: "b" in world.loader.sent)
        for _ in range(200):
            await asyncio.sleep(0)
        before = list(world.loader.sent)
        released.set()
        await looking
        loaded = await load_all(world, caller=SCRIPT)

    assert before == ["a", "b"]
    assert loaded == [name * 2 for name in NAMES]
    assert world.loader.opened == ["z"]


async def test_a_series_that_is_looked_at_is_read_on_whoever_else_waits(world):
    released = asyncio.Event()
    world.loader.serve("z", Answer(b"zz", released=released), Image(Resource("z", "x://host/z")))
    looking = asyncio.create_task(load(world, "z"))
    await until(lambda: "z" in world.loader.opened)

    async with expecting(world):
        loaded = await load_all(world)
    released.set()
    await looking

    assert loaded == [name * 2 for name in NAMES]


async def test_a_prefetch_leaves_a_server_its_only_connection(world):
    world.origins.most_connections = 1

    async with expecting(world, caller=SCRIPT):
        loaded = await load_all(world, caller=SCRIPT)

    assert loaded == [name * 2 for name in NAMES]
    assert world.loader.asked == []


async def test_of_two_series_that_are_prefetched_one_waits_for_the_other(world):
    gate = world.loader.together.waits["a"] = asyncio.Event()

    async with expecting(world, "abcd", caller=SCRIPT):
        await world.loader.delivering.wait()
        async with expecting(world, "uvwx", caller=SCRIPT):
            for _ in range(200):
                await asyncio.sleep(0)
            before = list(world.loader.asked)
            gate.set()
            await until(lambda: len(world.loader.asked) == 2)

    assert before == [4]


async def test_a_series_that_waits_in_the_background_is_asked_for_once_somebody_looks_at_it(world):
    world.loader.together.waits["a"] = asyncio.Event()

    async with expecting(world, "abcd", caller=SCRIPT):
        await world.loader.delivering.wait()
        async with expecting(world, "uvwx", caller=SCRIPT), expecting(world, "uvwx"):
            await until(lambda: len(world.loader.asked) == 2)

    assert world.loader.asked == [4, 4]
