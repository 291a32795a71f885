"""What is answered at once is what the long way would answer, whatever has happened."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.resolver.conftest import Answer, World, demand_of, world_at
from tests.service.conftest import serving

from imageid.v1 import image_service_pb2 as v1
from imageid.v1 import types_pb2 as types
from imageid_daemon.cache import Verify
from imageid_daemon.metrics import Metrics
from imageid_daemon.registry import Registry
from imageid_daemon.service import wire
from imageid_daemon.service.answering import Answering, Asked
from imageid_daemon.service.prepared import Preparations
from imageid_daemon.service.requests import Range
from imageid_daemon.service.stream import Wanted
from imageid_loaders.errors import ImageError, NotFound

NAMES = ("a", "b", "c")
A_DAY, LONG_AGO_SECONDS = 86_400, 10 * 86_400
PIXELS = types.OutputSpec(pixels=types.PixelsOutput())
MODALITY = types.OutputSpec(pixels=types.PixelsOutput(values=types.VALUES_MODALITY))
BODY_BYTES = 256 * 1024


class Ways:
    """Both ways to the images of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        preparations = Preparations(world.resolver, world.store)
        self._answering = Answering(world.resolver, Metrics(), preparations)

    def short(self, image_id: str, hand_out: bool = False) -> v1.LoadImageResponse | None:
        at_once = self._answering.at_once(None, by_path=hand_out, body_bytes=BODY_BYTES)
        part = at_once.find(image_id)
        return None if part is None else _without_times(wire.load_image_response(part))

    async def long(
        self, image_id: str, hand_out: bool = False, **demand: object
    ) -> v1.LoadImageResponse:
        wanted = Wanted(
            Range(0, None, BODY_BYTES), hand_out=self.world.store.hand_out if hand_out else None
        )
        asked = Asked(None, demand_of(**demand), wanted)
        parts = [part async for part in self._answering.parts(image_id, asked)]
        # Fields of messages that follow each other are those of one.
        return _without_times(b"".join(map(wire.load_image_response, parts)))


def _without_times(message: bytes) -> v1.LoadImageResponse:
    said = v1.LoadImageResponse.FromString(message)
    for each in (said.header, said.summary):
        assert each.HasField("timing")
        each.ClearField("timing")
    if said.header.HasField("age"):
        # A microsecond passes between one way and the other.
        age = said.header.age
        age.FromSeconds(round(age.ToNanoseconds() / 1e9))
        expires = said.header.expire_time
        expires.FromSeconds(round(expires.ToNanoseconds() / 1e9))
    return said


class BothWays(RuleBasedStateMachine):
    @initialize(verify=st.sampled_from((Verify.SAMPLED, Verify.OFF)))
    def begin(self, verify: Verify) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        world = world_at(self.folder / "cache", decodes=False, verify=verify)
        self.world = self.run(self.stack.enter_async_context(world))
        self.ways = Ways(self.world)
        for name in NAMES:
            self.change(name, lifetime=A_DAY)
            self.warm(name)

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.run(self.stack.aclose())
            self.run(self.loop.shutdown_default_executor())
            self.loop.close()
            shutil.rmtree(self.folder)

    def run(self, coroutine):
        return self.loop.run_until_complete(coroutine)

    @rule(name=st.sampled_from(NAMES), lifetime=st.sampled_from((0, A_DAY)))
    def change(self, name: str, lifetime: int) -> None:
        """The origin has another body."""
        data = f"{name} at {time.monotonic_ns()}".encode()
        headers = {"cache-control": f"max-age={lifetime}"}
        self.world.loader.serve(name, Answer(data, headers=headers))

    @rule(name=st.sampled_from(NAMES))
    def lose(self, name: str) -> None:
        """The origin has it no longer, and is asked: that is remembered for a minute."""
        error = NotFound("The origin has no such image.", http_status="404")
        self.world.loader.serve(name, Answer(error=error))
        self.load(name, "no-cache")

    @rule(
        name=st.sampled_from(NAMES),
        mode=st.sampled_from(("default", "default", "no-cache", "reload", "no-store")),
    )
    def load(self, name: str, mode: str) -> None:
        with suppress(ImageError):
            self.run(self.ways.long(f"x:{name}", mode=mode))

    @rule(name=st.sampled_from(NAMES))
    def warm(self, name: str) -> None:
        for _ in range(2):
            self.load(name, "default")

    @rule(name=st.sampled_from(NAMES))
    def evict(self, name: str) -> None:
        self.run(self.world.resolver.evict([f"x:{name}"], count_only=False))

    @rule(name=st.sampled_from(NAMES), ago_seconds=st.sampled_from((0, LONG_AGO_SECONDS)))
    def date(self, name: str, ago_seconds: float) -> None:
        """The stored answer was given or confirmed at another time than it was."""
        image = self.world.loader.images[name]
        place = self.world.resolver._sources.place(image.resource)
        entry = self.run(self.world.store.find(place.key))
        if entry is not None:
            dated = msgspec.structs.replace(entry, response_seconds=time.time() - ago_seconds)
            self.run(self.world.store.renew(dated))

    @rule(name=st.sampled_from(NAMES))
    def damage(self, name: str) -> None:
        """The disk gives other bytes, and a walk over all blobs finds them."""
        for blob in self.world.blobs()[:1]:
            blob.chmod(0o600)
            blob.write_bytes(b"?" * blob.stat().st_size)
        self.run(self.walk())

    @rule(identity=st.sampled_from(("", "somebody")))
    def configure(self, identity: str) -> None:
        """Another configuration comes with another registry, as `app` does it."""
        self.world.origins.identity = identity
        self.world.resolver.registry = Registry(self.world.resolver.registry.installed)

    async def walk(self) -> None:
        async for _ in self.world.store.verify():
            pass

    @invariant()
    def the_short_way_answers_as_the_long_one(self) -> None:
        for name in NAMES:
            for hand_out in (False, True):
                short = self.ways.short(f"x:{name}", hand_out)
                if short is not None:
                    fetches = len(self.world.loader.opened)
                    assert short == self.run(self.ways.long(f"x:{name}", hand_out))
                    assert len(self.world.loader.opened) == fetches


test_whatever_happens_the_short_way_answers_as_the_long_one = BothWays.TestCase
test_whatever_happens_the_short_way_answers_as_the_long_one.settings = settings(
    max_examples=60, stateful_step_count=30
)


@pytest_asyncio.fixture
async def ways(tmp_path):
    async with world_at(tmp_path / "cache", decodes=False) as world:
        world.loader.serve("a", Answer(b"body"))
        yield Ways(world)


@pytest.mark.parametrize("hand_out", [False, True])
async def test_a_second_hit_is_answered_at_once(ways, hand_out):
    await ways.long("x:a")
    assert ways.short("x:a", hand_out) is None
    hit = await ways.long("x:a", hand_out)

    assert ways.short("x:a", hand_out) == hit
    assert hit.header.cache_status == types.CACHE_STATUS_HIT


async def test_what_was_just_handed_out_stays_on_the_disk(ways):
    await ways.long("x:a")
    await ways.long("x:a")
    entry_key = next(iter(ways.world.store.ledger.keys()))

    ways.short("x:a", hand_out=True)

    ways.world.store.ledger.limit_bytes = 1
    assert ways.world.store.ledger.victims(10**9, now_seconds=time.time()) == set()
    assert entry_key in ways.world.store.ledger


async def test_what_is_answered_at_once_counts_as_used(ways):
    await ways.long("x:a")
    await ways.long("x:a")
    ledger = ways.world.store.ledger
    (digest,) = ledger.digests()
    before = ledger.eviction.standing(digest).uses

    ways.short("x:a")

    assert ledger.eviction.standing(digest).uses == before + 1


@pytest.mark.parametrize("hand_out", [False, True])
async def test_a_file_that_somebody_deleted_takes_the_long_way(ways, hand_out):
    ways.world.loader.serve("a", Answer(bytes(100_000)))
    await ways.long("x:a")
    await ways.long("x:a")
    (blob,) = ways.world.blobs()

    blob.unlink()

    assert ways.short("x:a", hand_out) is None


@pytest.mark.parametrize("hand_out", [False, True])
@pytest.mark.parametrize("size_bytes", [99_999, 100_001])
async def test_a_file_of_another_length_takes_the_long_way(ways, hand_out, size_bytes):
    ways.world.loader.serve("a", Answer(bytes(100_000)))
    await ways.long("x:a")
    await ways.long("x:a")
    (blob,) = ways.world.blobs()

    blob.chmod(0o600)
    blob.write_bytes(bytes(size_bytes))

    assert ways.short("x:a", hand_out) is None


async def test_where_every_read_is_checked_nothing_is_answered_at_once(tmp_path):
    async with world_at(tmp_path / "cache", decodes=False, verify=Verify.FULL) as world:
        world.loader.serve("a", Answer(b"body"))
        ways = Ways(world)
        await ways.long("x:a")
        await ways.long("x:a")

        assert ways.short("x:a") is None


async def test_an_answer_that_varies_is_found_by_its_own_fields_alone(ways):
    headers = {"cache-control": "max-age=60", "vary": "accept"}
    ways.world.loader.serve("a", Answer(b"body", headers=headers))
    await ways.long("x:a")
    hit = await ways.long("x:a")

    assert ways.short("x:a") == hit


@pytest.mark.parametrize("output", [PIXELS, MODALITY])
async def test_pixels_are_the_same_by_either_way(tmp_path, output):
    async with serving(tmp_path) as served:
        await served.load("example://1", output=output)
        (by_long,) = await served.load("example://1", output=output)
        (by_short,) = await served.load("example://1", output=output)

    for message in (by_long, by_short):
        message.header.ClearField("timing")
        message.summary.ClearField("timing")
    assert by_short == by_long
    assert len(by_short.chunk.data) > 0


async def test_a_hit_is_counted_by_either_way(tmp_path):
    async with serving(tmp_path) as served:
        for _ in range(4):
            await served.load("example://1")
        _, _, text = await asyncio.to_thread(served.http, "/metrics")

    assert 'imageid_requests_total{result="hit",scheme="example"} 3.0' in text
    assert 'imageid_load_seconds_count{result="hit",scheme="example"} 3.0' in text
