"""Bodies that break off, change, are lied about, kept, damaged and continued, in any order.

Bytes served are one body of the origin's, whole; the books equal what is on the disk; what is
kept stays within its share, and nothing is left over.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.resolver.conftest import Loaded, World, demand_of, world_at

from descriptors import open_files
from imageid_daemon.cache import Keeping
from imageid_daemon.config import Network, OriginSettings
from imageid_daemon.fills import Patience
from imageid_daemon.metrics import Metrics
from imageid_daemon.origins import Origins
from imageid_loaders.base import Settings
from imageid_loaders.errors import ContentChanged, Corrupt, ImageError, Unavailable
from imageid_loaders.web import WebLoader
from origins.scripted import Lie, Ranged, ScriptedOrigin
from turns import until

LIMIT_BYTES, SHARE = 2_000_000, 0.4
SIZES = {"a": 300_000, "b": 400_000, "c": 700_000}
NAMES = st.sampled_from(sorted(SIZES))
# Answers to these are wrong in a way that only their end shows.
UNSEEN: tuple[Lie, ...] = ("gives half", "goes on too long")
LIES = st.sampled_from(
    (
        "ignores ranges", "ignores If-Range", "names no validator", "begins too late",
        "names another size", "is not satisfied", *UNSEEN,
    )
)  # fmt: skip


class Beginnings(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.files_before = open_files()
        self.folder = Path(tempfile.mkdtemp())
        self.loop = asyncio.new_event_loop()
        self.origin = ScriptedOrigin()
        self.run(self.origin.__aenter__())
        checked = {"Cache-Control": "max-age=0"}
        self.served = {name: Ranged(body(name, '"0"'), '"0"', headers=checked) for name in SIZES}
        for name, ranged in self.served.items():
            self.origin.route(f"/{name}", ranged)
        self.run(self.start())

    async def start(self) -> None:
        self.stack = AsyncExitStack()
        # Asked once, so that what breaks off reaches its callers.
        once = OriginSettings("pacs", self.origin.url, retries=0)
        origins = Origins(
            network=Network(),
            origins={"pacs": once},
            environ={},
            max_image_bytes=2**30,
            metrics=Metrics(),
        )
        self.stack.push_async_callback(origins.aclose)
        self.world: World = await self.stack.enter_async_context(
            world_at(
                self.folder / "cache",
                limit_bytes=LIMIT_BYTES,
                decodes=False,
                loader=WebLoader(Settings()),
                origins=origins,
                patience=Patience(missing_bytes=0, done_share=1.0),
                keeping=Keeping(share=SHARE, noted_bytes=100_000),
            )
        )

    @rule()
    def restart(self) -> None:
        self.run(self.stack.aclose())
        self.run(self.start())

    def teardown(self) -> None:
        if not hasattr(self, "loop"):
            return
        try:
            self.run(self.stack.aclose())
            self.run(self.origin.__aexit__(None, None, None))
        finally:
            self.run(self.loop.shutdown_default_executor())
            self.loop.close()
            shutil.rmtree(self.folder)
        assert open_files() == self.files_before

    # What callers do

    @rule(name=NAMES)
    def get(self, name: str) -> None:
        served = self.served[name]
        has_beginning, requests = self.has_beginning(name), len(served.asked)
        try:
            loaded = self.run(self.load(name))
        except (Corrupt, ContentChanged) as error:
            assert served.lie in UNSEEN and has_beginning, error
        else:
            assert loaded.data == served.body
            assert len(served.asked) - requests <= 1 + has_beginning

    @rule(name=NAMES, share=st.floats(0.0, 0.99), resets=st.booleans(), callers=st.integers(1, 3))
    def break_off(self, name: str, share: float, resets: bool, callers: int) -> None:
        """The origin's next answer ends too early, for all who follow it."""
        served = self.served[name]
        served.breaks, served.resets = [int(share * SIZES[name])], resets
        ended = self.run(self.all(name, callers))
        served.breaks = []
        assert all(isinstance(each, ImageError) or self.is_right(name, each) for each in ended)

    @rule(name=NAMES, callers=st.integers(1, 3))
    def abandon(self, name: str, callers: int) -> None:
        """The origin stalls, and everybody leaves."""
        served = self.served[name]
        served.breaks, served.released = [280_000], asyncio.Event()
        self.run(self.left(name, callers))
        served.breaks, served.released = [], None

    # What origins do

    @rule(name=NAMES)
    def replace(self, name: str) -> None:
        served = self.served[name]
        served.etag = f'"{int(served.etag.strip(chr(34))) + 1}"'
        served.body = body(name, served.etag)

    @rule(name=NAMES, lie=st.none() | LIES)
    def lie(self, name: str, lie: Lie | None) -> None:
        self.served[name].lie = lie

    # What happens to the cache

    @rule(name=NAMES)
    def evict(self, name: str) -> None:
        self.run(self.world.resolver.evict([self.image_id(name)], count_only=False))
        assert not self.has_beginning(name)

    @rule()
    def expire(self) -> None:
        self.run(self.world.store.partials.expire(time.time() + 3601.0))
        assert len(self.world.store.partials) == 0

    @precondition(lambda self: len(self.world.store.partials))
    @rule(data=st.data(), cut=st.booleans())
    def damage(self, data: st.DataObject, cut: bool) -> None:
        path = data.draw(st.sampled_from(sorted(self.kept_files(), key=lambda p: p.stat().st_size)))
        intact = path.read_bytes()
        path.write_bytes(b"!" + intact[1:] if not cut else intact[:-1])
        self.run(self.restarted_or_read(data.draw(st.booleans())))

    # What must hold

    @invariant()
    def the_books_equal_the_disk(self) -> None:
        if not hasattr(self, "world"):
            return
        self.run(self.until_quiet())
        ledger, cache = self.world.store.ledger, self.folder / "cache"
        kept = self.kept_files()
        assert ledger.partial_bytes == sum(path.stat().st_size for path in kept)
        assert len(kept) == len(self.world.store.partials)
        assert len(list((cache / "partials").iterdir())) == 2 * len(kept)
        assert ledger.partial_bytes <= SHARE * LIMIT_BYTES
        held_bytes = ledger.stored_bytes + ledger.partial_bytes + ledger.reserved_bytes
        assert held_bytes <= LIMIT_BYTES
        assert (ledger.reserved_bytes, ledger.held_blobs) == (0, 0)
        assert list((cache / "spool").iterdir()) == []
        assert self.world.resolver.running_fills == 0

    # Means

    def run(self, what):
        return self.loop.run_until_complete(what)

    def image_id(self, name: str) -> str:
        return f"web:{self.origin.url}/{name}"

    def has_beginning(self, name: str) -> bool:
        image = WebLoader(Settings()).resolve(self.image_id(name))
        return self.world.resolver._sources.place(image.resource).fill_key in (
            self.world.store.partials
        )

    def is_right(self, name: str, loaded: Loaded) -> bool:
        """The body of now, or that of the stored copy while the origin is down."""
        if loaded.status == "stale":
            version = int(self.served[name].etag.strip('"'))
            return loaded.data in [body(name, f'"{n}"') for n in range(version + 1)]
        return loaded.data == self.served[name].body

    def kept_files(self) -> list[Path]:
        folder = self.folder / "cache" / "partials"
        return [path for path in folder.iterdir() if not path.suffix]

    async def load(self, name: str) -> Loaded:
        return await self.world.load(self.image_id(name))

    async def all(self, name: str, callers: int) -> list[Loaded | BaseException]:
        loads = [self.load(name) for _ in range(callers)]
        return await asyncio.gather(*loads, return_exceptions=True)

    async def left(self, name: str, callers: int) -> None:
        tasks = [asyncio.create_task(self.load(name)) for _ in range(callers)]
        try:
            async with self.world.resolver.load(self.image_id(name), None, demand_of()) as answer:
                await answer.body.arrived(279_999)
                await self.gone(tasks)
        except (Corrupt, ContentChanged, Unavailable):
            await self.gone(tasks)

    async def gone(self, tasks) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    async def restarted_or_read(self, restarts: bool) -> None:
        if restarts:
            await self.stack.aclose()
            await self.start()
        for name in SIZES:
            self.served[name].lie = None
            assert (await self.load(name)).data == self.served[name].body

    async def until_quiet(self) -> None:
        await until(lambda: not self.is_busy())

    def is_busy(self) -> bool:
        resolver, ledger = self.world.resolver, self.world.store.ledger
        return resolver.running_fills > 0 or ledger.deleting_bytes > 0


def body(name: str, version: str) -> bytes:
    return random.Random(f"{name}{version}").randbytes(SIZES[name])


test_whatever_happens_bytes_are_one_bodys_and_books_are_exact = Beginnings.TestCase
test_whatever_happens_bytes_are_one_bodys_and_books_are_exact.settings = settings(
    max_examples=40, stateful_step_count=25
)
