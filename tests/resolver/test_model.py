"""Store and fills beside a model: whatever happens, in whatever order.

Bytes served equal the origin's, at most one fetch a key is under way, the books equal what is
on the disk, and nothing is left over.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import Set
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.resolver.conftest import Answer, Loaded, World, world_at

from descriptors import open_files
from imageid_daemon.cache import Verify
from imageid_loaders.errors import Corrupt, ImageError, Unavailable
from turns import until

LIMIT_BYTES = 20_000
FOR_EVER = 2.0**40
# What an origin declares fresh never changes here; the others are asked about at every request.
FRESH, CHECKED, FAILING = ("f0", "f1", "f2", "f3"), ("c0", "c1"), ("x0",)
NAMES = st.sampled_from((*FRESH, *CHECKED))
# Which of those that are stored, whose number may depend on threads: what is drawn must not.
PLACES = st.integers(0, 2**16)
SIZES = {"f0": 1, "f1": 3_000, "f2": 7_000, "f3": 9_500, "c0": 2_000, "c1": 6_000, "x0": 500}


def at(place: int, stored: Set[str]) -> str | None:
    """One of them; None where there is none."""
    return sorted(stored)[place % len(stored)] if stored else None


@dataclass
class Following:
    """A fill that the origin holds back after its first byte."""

    answer: Answer
    callers: list[asyncio.Task[Loaded]] = field(default_factory=list)


class Cache(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.loop = asyncio.new_event_loop()
        self.versions = dict.fromkeys(SIZES, 0)
        self.following: dict[str, Following] = {}
        self.pinned: set[str] = set()
        self.files_before = open_files()
        self.run(self.start())

    # The life of the daemon

    async def start(self) -> None:
        self.stack = AsyncExitStack()
        self.world: World = await self.stack.enter_async_context(
            world_at(
                self.folder / "cache", limit_bytes=LIMIT_BYTES, verify=Verify.FULL, decodes=False
            )
        )
        for name in SIZES:
            self.serve(name)

    @rule()
    def restart(self) -> None:
        self.run(self.stop())
        self.run(self.start())

    async def stop(self) -> None:
        following, self.following = self.following, {}
        callers = [caller for each in following.values() for caller in each.callers]
        await self.stack.aclose()
        ended = await asyncio.gather(*callers, return_exceptions=True)
        assert all(isinstance(error, ImageError) for error in ended), "a stop tells every caller"

    def teardown(self) -> None:
        if not hasattr(self, "loop"):
            return
        try:
            self.run(self.stop())
        finally:
            self.run(self.loop.shutdown_default_executor())
            self.loop.close()
            shutil.rmtree(self.folder)
        assert open_files() == self.files_before

    # What callers do

    @rule(name=NAMES)
    def get(self, name: str) -> None:
        if name not in self.following:
            self.run(self.load(name))

    @rule(name=NAMES)
    def follow(self, name: str) -> None:
        """Another caller, while the origin holds the body back."""
        following = self.following.get(name)
        if following is None:
            self.evict(name)
            answer = self.serve(name, released=asyncio.Event())
            following = self.following[name] = Following(answer)
        fetches = self.world.loader.opened.count(name)
        before = len(following.callers)
        following.callers.append(self.loop.create_task(self.world.load(f"x:{name}")))
        self.run(self.some_turns())
        self.run(until(following.answer.holding.is_set))
        assert self.world.loader.opened.count(name) - fetches == (0 if before else 1)

    @precondition(lambda self: self.following)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """One caller gives up; the others notice nothing."""
        name = data.draw(st.sampled_from(sorted(self.following)))
        callers = self.following[name].callers
        caller = callers.pop(data.draw(st.integers(0, len(callers) - 1)))
        caller.cancel()
        self.run(asyncio.wait([caller]))
        if not callers:
            self.following.pop(name).answer.released.set()
            self.serve(name)

    @precondition(lambda self: self.following)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """The origin sends the rest."""
        name = data.draw(st.sampled_from(sorted(self.following)))
        following = self.following.pop(name)
        following.answer.released.set()
        ended = self.run(asyncio.gather(*following.callers))
        assert {loaded.data for loaded in ended} <= {self.body(name)}
        self.serve(name)

    @precondition(lambda self: self.following)
    @rule(data=st.data())
    def break_off(self, data: st.DataObject) -> None:
        """The body ends too early: every caller is told, and nothing is stored."""
        name = data.draw(st.sampled_from(sorted(self.following)))
        if SIZES[name] == 1:
            return  # its first byte is all of it
        following = self.following.pop(name)
        following.answer.data = following.answer.data[:1]
        following.answer.released.set()
        ended = self.run(asyncio.gather(*following.callers, return_exceptions=True))
        assert {type(error) for error in ended} == {Corrupt}
        self.serve(name)

    # What origins do

    @rule(name=st.sampled_from(CHECKED))
    def change(self, name: str) -> None:
        if name not in self.following:
            self.versions[name] += 1
            self.serve(name)

    @rule(name=st.sampled_from(FAILING))
    def fail(self, name: str) -> None:
        self.world.loader.serve(name, Answer(error=Unavailable("The origin is down.")))
        try:
            loaded = self.run(self.world.load(f"x:{name}"))
        except Unavailable:
            pass
        else:
            assert loaded.data == self.body(name)
        self.serve(name)

    # What happens to the cache

    @rule(name=NAMES)
    def evict(self, name: str) -> None:
        self.run(self.world.resolver.evict([f"x:{name}"], count_only=False, include_pinned=True))
        self.pinned &= self.world.store.ledger.keys()
        assert not self.is_stored(name)

    @rule(place=PLACES)
    def pin(self, place: int) -> None:
        key = at(place, self.world.store.ledger.keys())
        if key is not None and self.is_intact(key):
            self.run(self.world.store.pin([key], FOR_EVER))
            self.pinned.add(key)

    @rule(place=PLACES)
    def expire(self, place: int) -> None:
        """The time of a pin is over."""
        if (key := at(place, self.pinned)) is not None:
            self.pinned.remove(key)
            self.run(self.world.store.pin([key], 1.0))

    @rule(place=PLACES, cut=st.booleans(), walk=st.booleans())
    def corrupt(self, place: int, cut: bool, walk: bool) -> None:
        """Somebody damages a blob; a walk over everything finds it."""
        digest = at(place, self.world.store.ledger.digests())
        if digest is None:
            return
        blob = self.folder / "cache" / "blobs" / digest[:2] / digest
        blob.chmod(0o600)
        data_on_disk = blob.read_bytes()
        blob.write_bytes(b"" if cut else b"damaged!" + data_on_disk[8:])
        lost = self.world.store.ledger.keys_of(digest)
        if walk:
            self.run(self.walk())
            assert not lost & self.world.store.ledger.keys()
        self.pinned -= lost
        self.run(self.unpin(lost))

    # What must hold

    @invariant()
    def the_books_equal_the_disk(self) -> None:
        if not hasattr(self, "world"):
            return
        self.run(until(self.is_quiet))
        ledger = self.world.store.ledger
        files = {path.name: path.stat().st_size for path in self.world.blobs()}
        assert files.keys() == ledger.digests()
        assert ledger.stored_bytes + ledger.reserved_bytes <= LIMIT_BYTES
        if not self.following:
            assert self.world.resolver.running_fills == 0
            assert (ledger.reserved_bytes, ledger.held_blobs) == (0, 0)
            assert list((self.folder / "cache" / "spool").iterdir()) == []

    @invariant()
    def what_is_pinned_is_there(self) -> None:
        if hasattr(self, "world"):
            assert self.pinned <= self.world.store.ledger.keys()

    # Means

    def is_intact(self, key: str) -> bool:
        digest = self.world.store.ledger.digest_of(key) or ""
        blob = self.folder / "cache" / "blobs" / digest[:2] / digest
        return hashlib.sha256(blob.read_bytes()).hexdigest() == digest

    def run(self, what):
        return self.loop.run_until_complete(what)

    def body(self, name: str) -> bytes:
        return f"{name}{self.versions[name]}".encode().ljust(SIZES[name], b".")[: SIZES[name]]

    def serve(self, name: str, **how: object) -> Answer:
        body = self.body(name)
        lifetime = 0 if name in CHECKED else 86_400
        headers = {"cache-control": f"max-age={lifetime}", "etag": f'"{self.versions[name]}"'}
        answer = Answer(body, headers=headers, promised_bytes=len(body), **how)
        self.world.loader.serve(name, answer)
        return answer

    def is_stored(self, name: str) -> bool:
        return self.run(self.world.stat(f"x:{name}", None)).cached

    def is_quiet(self) -> bool:
        """Nothing runs but what the origin holds back, and nothing is being deleted."""
        held_back = [
            each
            for each in self.following.values()
            if not all(caller.done() for caller in each.callers)
        ]
        is_deleting = self.world.store.ledger.deleting_bytes > 0
        return self.world.resolver.running_fills <= len(held_back) and not is_deleting

    async def load(self, name: str) -> None:
        fetches = self.world.loader.opened.count(name)
        loaded = await self.world.load(f"x:{name}")
        assert loaded.data == self.body(name)
        assert self.world.loader.opened.count(name) - fetches <= 1

    async def some_turns(self) -> None:
        """Enough for a caller to join a fill, which takes no I/O where nothing is stored."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def walk(self) -> None:
        async for _ in self.world.store.verify():
            pass

    async def unpin(self, keys: set[str]) -> None:
        await self.world.store.unpin(keys)


test_whatever_happens_bytes_are_right_and_books_are_exact = Cache.TestCase
test_whatever_happens_bytes_are_right_and_books_are_exact.settings = settings(
    max_examples=100, stateful_step_count=40
)
