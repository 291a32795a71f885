"""Requests that feed many fills: each part of the answer is the body of one.

A wanted resource has a seat in its bundle. A fill of it waits at the seat for its part,
and where none comes, fetches the resource alone. So whatever becomes of a bundle, nobody
is worse off than without it.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
from typing import Any, TypeAlias

import structlog

from imageid_daemon.callers import Caller, Claims
from imageid_daemon.fills import Fill
from imageid_daemon.resolver.courtesy import Courtesy, is_background
from imageid_daemon.resolver.gathering import Refusals, Totals, Yield
from imageid_daemon.resolver.seats import Seat, Wanted
from imageid_loaders.base import Bundle, Bundler, Loader, Part, Resource, Source, Transport
from imageid_loaders.errors import ImageError, NotSeparable

log = structlog.get_logger("imageid.resolver")


# Joins the fill that a seat belongs to, and starts it where nobody waits for it yet.
Join: TypeAlias = Callable[
    [Loader, str, Seat, Caller], AbstractAsyncContextManager[tuple[Fill[Any], bool]]
]

# Parts that have been received and are still being written: a slow disk slows the answer.
_MOST_UNFINISHED = 8


class Bundles:
    """All that are on their way.

    Args:
        transport: of a scheme, for those who wait.
        join: how a part gets into its fill.
        connections: how many requests the server of a URL is sent at a time.
        is_kept: whether an answer with such headers is still good once it is stored. What
            is not would have to be fetched again by all who have not joined its fill.
    """

    def __init__(
        self,
        transport: Callable[[str, Claims], Transport],
        join: Join,
        connections: Callable[[str], int],
        is_kept: Callable[[Part], bool],
    ) -> None:
        self.totals = Totals()
        self.refusals = Refusals()
        self.courtesy = Courtesy()
        self.join = join
        self._connections = connections
        self.is_kept = is_kept
        self._transport = transport
        self._seats: dict[str, _Running] = {}
        self._running: set[_Running] = set()

    def has_seat(self, fill_key: str) -> bool:
        """Whether a part is awaited for the fill of this key."""
        return fill_key in self._seats

    def seat(self, fill_key: str, caller: Caller) -> Seat | None:
        """Where a caller's fill of this key has to wait.

        None also where the caller has not asked for the bundle: it may be more urgent than
        those who have, and their answer may be long. Its own request is under way at once.
        """
        running = self._seats.get(fill_key)
        if running is None:
            return None
        if caller not in running.callers:
            self.take(fill_key, running).release()
            return None
        return running.seats[fill_key]

    @asynccontextmanager
    async def expected(
        self, loader: Loader, scheme: str, wanted: Iterable[Wanted], caller: Caller
    ) -> AsyncIterator[None]:
        """Fetch together what can be, while the context lasts; others may expect the same."""
        alone, joined = [], set()
        for each in wanted:
            running = self._seats.get(each.place.fill_key)
            if running is None:
                alone.append(each)
            else:
                joined.add(running)
        if isinstance(loader, Bundler):
            joined |= self._start(loader, scheme, alone, caller)
        for running in joined:
            running.enter(caller)
        try:
            yield
        finally:
            for running in joined:
                running.leave(caller)

    def learn(self, loader: Bundler, resources: Sequence[Resource]) -> None:
        """Note how many there are of each series, of which these are all the images."""
        for bundle in loader.bundles(resources):
            if not bundle.is_exact:
                self.totals.note(bundle.url, len(bundle.resources))

    async def close(self) -> None:
        tasks = [task for running in self._running for task in (running.task, *running.holding)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def take(self, fill_key: str, running: _Running) -> Seat:
        """The seat of a key, which is nobody's from now on."""
        del self._seats[fill_key]
        return running.seats.pop(fill_key)

    def _start(
        self, loader: Any, scheme: str, wanted: list[Wanted], caller: Caller
    ) -> set[_Running]:
        by_key = {each.resource.key: each for each in wanted if not each.resource.request_headers}
        started = set()
        for bundle in loader.bundles([each.resource for each in by_key.values()]):
            if not (self.totals.is_worth(bundle) and self._is_welcome(bundle, caller)):
                continue
            members = [by_key[resource.key] for resource in bundle.resources]
            running = _Running(self, loader, scheme, bundle, members)
            running.begin(self._transport(scheme, running.claims), self._ended)
            self._running.add(running)
            self._seats |= dict.fromkeys(running.seats, running)
            started.add(running)
        return started

    def _is_welcome(self, bundle: Bundle, caller: Caller) -> bool:
        """Whether the server can answer so, and whoever is more urgent need not wait for it."""
        if is_background(caller) and self._connections(bundle.url) < 2:
            return False
        return not self.refusals.is_refused(bundle, time.monotonic())

    def _ended(self, running: _Running) -> None:
        self._running.discard(running)
        for fill_key in list(running.seats):
            self.take(fill_key, running).release()


class _Running:
    """One request and its seats."""

    def __init__(
        self, bundles: Bundles, loader: Any, scheme: str, bundle: Bundle, wanted: list[Wanted]
    ) -> None:
        self.callers: Counter[Caller] = Counter()
        self.claims = Claims()
        self.seats = {each.place.fill_key: Seat(each) for each in wanted}
        self._key_of = {each.resource.key: each.place.fill_key for each in wanted}
        self._bundles = bundles
        self._loader = loader
        self._scheme = scheme
        self._bundle = bundle
        # Each holds the fill of a part that is not whole yet.
        self.holding: set[asyncio.Task[None]] = set()
        self._is_handing_over = False
        self._stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.task: asyncio.Task[None]

    def begin(self, transport: Transport, ended: Callable[[_Running], None]) -> None:
        self.task = asyncio.create_task(self._run(transport))
        self.task.add_done_callback(lambda _: ended(self))

    def enter(self, caller: Caller) -> None:
        self.callers[caller] += 1
        self.claims.add(caller)

    def leave(self, caller: Caller) -> None:
        self.callers[caller] -= 1
        self.claims.remove(caller)
        if not self.callers[caller]:
            del self.callers[caller]
        if not self.callers and not self._stopped.done():
            self._stopped.set_result(None)
            # A part on its way may be followed by somebody else: it is whole first.
            if not self._is_handing_over:
                self.task.cancel()

    async def _run(self, transport: Transport) -> None:
        try:
            async with (
                self._bundles.courtesy.turn(self._bundle.url, self.claims),
                self._loader.open_bundle(self._bundle, transport) as parts,
            ):
                await self._receive(parts)
            await self._written(0)
        except NotSeparable:
            self._bundles.refusals.refused(self._bundle, time.monotonic())
        except ImageError:
            pass  # who waits hears of it from a request of its own
        except Exception as error:  # a loader may raise anything
            stack = "".join(traceback.format_tb(error.__traceback__))
            log.error("a bundle failed unexpectedly", error=type(error).__name__, stack=stack)

    async def _receive(self, parts: AsyncIterator[Part]) -> None:
        brought = Yield(wanted=len(self.seats))
        async for part in parts:
            size_bytes = part.source.size_bytes or 0
            if part.resource is None:
                brought.unwanted += 1
                brought.unwanted_bytes += size_bytes
            else:
                brought.wanted_bytes += size_bytes
            if brought.is_waste:
                self._note_total(brought)
                return
            if not self._bundles.is_kept(part):
                self._bundles.refusals.refused(self._bundle, time.monotonic())
                return
            if part.resource is not None:
                await self._hand_over(part.resource, part.source)
            if self._stopped.done():
                return
        self._bundles.refusals.delivered(self._bundle)
        self._note_total(brought)

    def _note_total(self, brought: Yield) -> None:
        self._bundles.totals.note(self._bundle.url, brought.wanted + brought.unwanted)

    async def _hand_over(self, resource: Resource, source: Source) -> None:
        await self._written(_MOST_UNFINISHED - 1)
        fill_key = self._key_of[resource.key]
        if fill_key not in self.seats:
            return  # somebody was in a hurry, and has fetched it alone
        seat = self.seats[fill_key]
        source = replace(source, chunks=self._courteous(source.chunks))
        task = asyncio.create_task(self._hold(fill_key, seat, source))
        self.holding.add(task)
        task.add_done_callback(self.holding.discard)
        self._is_handing_over = True
        try:
            await asyncio.wait([seat.left, task], return_when=asyncio.FIRST_COMPLETED)
            # Left to others, or given up: the answer must not be closed under its reader.
            await asyncio.wait([seat.left])
        finally:
            self._is_handing_over = False

    async def _hold(self, fill_key: str, seat: Seat, source: Source) -> None:
        """See that a part is kept although nobody may have asked for it yet."""
        if fill_key not in self.seats:
            seat.leave()
            return
        fill_of_part = self._bundles.join(self._loader, self._scheme, seat, self.claims.foremost)
        async with fill_of_part as (fill, _):
            self._bundles.take(fill_key, self)
            seat.bring(source)
            whole = asyncio.ensure_future(_ended(fill))
            try:
                await asyncio.wait([whole, self._stopped], return_when=asyncio.FIRST_COMPLETED)
            finally:
                whole.cancel()

    async def _courteous(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            yield chunk
            await self._bundles.courtesy.give_way(self._bundle.url, self.claims)

    async def _written(self, unfinished: int) -> None:
        """Wait until no more parts than that are being written."""
        while len(self.holding) > unfinished:
            await asyncio.wait(self.holding, return_when=asyncio.FIRST_COMPLETED)


async def _ended(fill: Fill[Any]) -> None:
    with suppress(ImageError):
        await fill.whole()
