"""A resource through the cache: a stored copy, a running fill, or a fetch."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    closing,
    nullcontext,
)
from dataclasses import replace
from functools import partial

from imageid_daemon.cache import (
    Demand,
    Entry,
    Failures,
    Mode,
    Store,
    Verdict,
    freshness,
)
from imageid_daemon.callers import Caller, Priority
from imageid_daemon.fills import Blob, Fill, Fills, Patience
from imageid_daemon.resolver.answer import Answer, CacheStatus
from imageid_daemon.resolver.bundles import Bundles
from imageid_daemon.resolver.courtesy import is_background
from imageid_daemon.resolver.fetching import Arrival, Fetch, Fetching, Origins
from imageid_daemon.resolver.grounds import Grounds
from imageid_daemon.resolver.places import Place, Places
from imageid_daemon.resolver.seats import Seat, Wanted
from imageid_loaders.base import Bundler, Loader, Resource
from imageid_loaders.errors import Corrupt, ImageError, NotInCache, Unavailable

# Of copies that are evicted in the middle of it, one after the other.
_CONFIRMATIONS = 4

_SERVED = {
    Verdict.FRESH: CacheStatus.HIT,
    Verdict.STALE: CacheStatus.STALE,
    Verdict.REFRESH: CacheStatus.STALE,
}


class Sources:
    """Obtains resources.

    Args:
        max_image_bytes: the largest body accepted from an origin.
        patience: with fetches that nobody waits for.
    """

    def __init__(
        self,
        store: Store,
        origins: Origins,
        max_image_bytes: int,
        patience: Patience | None = None,
    ) -> None:
        self._store = store
        self._places = Places(store, origins)
        self._failures = Failures()
        self._fetching = Fetching(store, origins, self._places, self._failures, max_image_bytes)
        self._fills: Fills[Arrival] = Fills(store.new_spool_path, store.disk, patience)
        self._bundles = Bundles(
            lambda scheme, claims: origins.transport(scheme, claims, None),
            self._join_part,
            origins.connections,
            self._fetching.is_kept,
        )
        self._private = itertools.count()
        self._refreshing: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int:
        return len(self._fills)

    @property
    def max_image_bytes(self) -> int:
        return self._fetching.max_image_bytes

    @max_image_bytes.setter
    def max_image_bytes(self, size_bytes: int) -> None:
        self._fetching.max_image_bytes = size_bytes

    @property
    def patience(self) -> Patience:
        return self._fills.patience

    @patience.setter
    def patience(self, patience: Patience) -> None:
        self._fills.patience = patience

    def place(self, resource: Resource) -> Place:
        """Where its answers stand. Pure but for the configuration."""
        return self._places.of(resource)

    def holds(self, resource: Resource) -> bool:
        """Whether an answer to it is stored; no I/O."""
        place, ledger = self._places.of(resource), self._store.ledger
        return place.key in ledger or place.public_key in ledger

    async def serves(self, resource: Resource, demand: Demand) -> bool:
        """Whether a stored answer meets the demand, and no origin is asked before."""
        entry = await self._places.find(self._places.of(resource))
        return _judge(entry, demand) in _SERVED

    def is_filling(self, place: Place) -> bool:
        return place.fill_key in self._fills

    def is_served(self, entry: Entry) -> bool:
        """Whether a caller without demands gets it and no origin is asked before."""
        return _judge(entry, Demand()) in _SERVED

    async def keys(self, resource: Resource) -> set[str]:
        """The keys under which it may be stored."""
        return await self._places.keys(self._places.of(resource))

    def has_failed(self, key: str) -> bool:
        """Whether a failure is remembered that may stand for the answer under a key."""
        return self._failures.has(key)

    def forget_failure(self, resource: Resource) -> None:
        self._failures.forget(self._places.of(resource).key)

    async def forget_beginning(self, resource: Resource) -> None:
        """Drop what is kept of its body that broke off."""
        await self._store.partials.drop(self._places.of(resource).fill_key)

    def forget_failures(self) -> None:
        self._failures.clear()

    async def close(self) -> None:
        for task in self._refreshing:
            task.cancel()
        await asyncio.gather(*self._refreshing, return_exceptions=True)
        await self._fills.close()
        await self._bundles.close()

    @asynccontextmanager
    async def expected(
        self, loader: Loader, scheme: str, resources: Iterable[Resource], demand: Demand
    ) -> AsyncIterator[None]:
        """Fetch what is missing of these in few requests, while the context lasts.

        They are obtained one by one as ever: each is stored, on its way, or fetched alone.
        """
        wanted = (
            []
            if not self._may_gather(demand)
            else [
                each
                for resource in resources
                if self._is_missing(each := Wanted(resource, self._places.of(resource)), demand)
            ]
        )
        async with self._bundles.expected(loader, scheme, wanted, demand.caller):
            yield

    def learn(self, loader: Bundler, resources: Sequence[Resource]) -> None:
        """These are all that there are where they stand."""
        self._bundles.learn(loader, resources)

    def _may_gather(self, demand: Demand) -> bool:
        # Who demands more than that of a copy would not be served from what comes so.
        return demand.takes_stale_unasked and self._store.disk.is_writable

    def _is_missing(self, wanted: Wanted, demand: Demand) -> bool:
        place = wanted.place
        return not (
            self.holds(wanted.resource)
            or (place.fill_key in self._fills and not self._bundles.has_seat(place.fill_key))
            or self._failures.find(place.key, place.sent, demand, time.time())
        )

    def _join_part(
        self, loader: Loader, scheme: str, seat: Seat, caller: Caller
    ) -> AbstractAsyncContextManager[tuple[Fill[Arrival], bool]]:
        resource, place = seat.wanted.resource, seat.wanted.place
        fetch = Fetch(loader, scheme, resource, place, None, True, caller, seat)
        return self._fills.join(place.fill_key, partial(self._carry_out, fetch), caller)

    async def _carry_out(self, fetch: Fetch, fill: Fill[Arrival]) -> None:
        fill.is_pinned = lambda: self._is_pinned(fetch.place)
        is_unseen = is_background(fetch.caller)
        courtesy, url = self._bundles.courtesy, fetch.resource.url
        try:
            with nullcontext() if is_unseen else courtesy.urgent(url):
                await self._fetching.carry_out(fill, fetch)
        finally:
            if fetch.seat is not None:
                fetch.seat.leave()

    async def obtain(
        self, stack: AsyncExitStack, loader: Loader, scheme: str, resource: Resource, demand: Demand
    ) -> Answer:
        """The resource's bytes, possibly still arriving; open until the stack unwinds.

        Raises:
            ImageError: it cannot be had.
        """
        place = self._places.of(resource)
        failure = self._failures.find(place.key, place.sent, demand, time.time())
        if failure is not None and not isinstance(failure, Unavailable):
            raise failure
        entry = await self._places.find(place)
        verdict = _judge(entry, demand)
        blob = None
        if entry is not None and verdict is not Verdict.FETCH:
            blob = await self._open(stack, entry)
        stored = entry if blob else None
        keep = demand.mode is not Mode.NO_STORE
        fetch = Fetch(loader, scheme, resource, place, stored, keep, demand.caller)
        if entry is not None and blob is not None and verdict in _SERVED:
            if verdict is Verdict.REFRESH and failure is None:
                self._refresh(fetch)
            answer = self._stored(entry, blob, _SERVED[verdict])
            # Under another key it was found by way of further entries (Vary, public answers).
            if verdict is Verdict.FRESH and entry.key == place.key:
                answer.grounds = Grounds((entry,))
            return answer
        try:
            if demand.mode is Mode.ONLY_IF_CACHED:
                raise NotInCache(
                    "The image is not in the cache, and the request forbids fetching it."
                )
            if failure is not None:
                raise failure
            return await self._follow(stack, fetch, blob)
        except Unavailable:
            if entry is None or blob is None or not _bridges_failure(entry, demand):
                raise
            return self._stored(entry, blob, CacheStatus.STALE)

    async def _open(self, stack: AsyncExitStack, entry: Entry) -> Blob | None:
        file = await self._store.open_blob(entry)
        if file is None:
            return None
        return stack.enter_context(closing(Blob(file)))

    def _stored(self, entry: Entry, blob: Blob, status: CacheStatus) -> Answer:
        self._store.note_use(entry)
        return Answer(blob, entry.media_type, status, entry.size_bytes, entry)

    def _refresh(self, fetch: Fetch) -> None:
        """Ask the origin behind the callers' backs, all of them by one fill."""
        unseen = replace(fetch, caller=Caller(priority=Priority.PREFETCH))
        task = asyncio.create_task(self._follow_unseen(unseen))
        self._refreshing.add(task)
        task.add_done_callback(self._refreshing.discard)

    async def _follow_unseen(self, fetch: Fetch) -> None:
        # Who asks once the copy is too old will hear of it.
        with contextlib.suppress(ImageError):
            async with AsyncExitStack() as stack:
                answer = await self._follow(stack, fetch, None)
                await answer.whole()

    async def _follow(self, stack: AsyncExitStack, fetch: Fetch, blob: Blob | None) -> Answer:
        for _ in range(_CONFIRMATIONS):
            answer = await self._follow_once(stack, fetch, blob)
            if answer is not None:
                return answer
            # The origin confirmed what was evicted meanwhile: asked as if nothing were stored.
            fetch, blob = replace(fetch, stored=None), None
        raise Corrupt("The stored copy vanished while the origin confirmed it. Ask again.")

    async def _follow_once(
        self, stack: AsyncExitStack, fetch: Fetch, blob: Blob | None
    ) -> Answer | None:
        """None where the origin confirmed a copy that is gone."""
        fill_key = fetch.place.fill_key
        if fetch.keep:
            seat = self._bundles.seat(fill_key, fetch.caller)
            # Who joins brings none.
            if seat is not None and fill_key not in self._fills:
                fetch = replace(fetch, seat=seat)
        else:
            # Nobody may join what must not be kept for anybody.
            fill_key = f"{fill_key}#{next(self._private)}"
        work = partial(self._carry_out, fetch)
        fill, started = await stack.enter_async_context(
            self._fills.join(fill_key, work, fetch.caller)
        )
        arrival = await fill.head()
        if arrival.confirmed and arrival.entry is not None:
            same = fetch.stored is not None and fetch.stored.digest == arrival.entry.digest
            # Over, and out of the way of whoever asks anew.
            await fill.whole()
            return await self._confirmed(stack, arrival.entry, blob if same else None, started)
        if not started:
            status = CacheStatus.COALESCED
        else:
            status = CacheStatus.MISS if arrival.stored else CacheStatus.BYPASS
        answer = Answer(
            fill.spool, arrival.media_type, status, fill.size_bytes, timing=arrival.timing
        )

        async def wait() -> None:
            await fill.whole()
            answer.entry, answer.stored = arrival.entry, arrival.stored
            answer.size_bytes = fill.spool.size_bytes

        answer.wait = wait
        if fill.is_done:
            await answer.whole()
        return answer

    def _is_pinned(self, place: Place) -> bool:
        keys = filter(None, (place.key, place.public_key))
        return any(self._store.pin_of(key) is not None for key in keys)

    async def _confirmed(
        self, stack: AsyncExitStack, entry: Entry, blob: Blob | None, started: bool
    ) -> Answer | None:
        # Evicted meanwhile or not, a caller that has it open has it.
        blob = blob or await self._open(stack, entry)
        if blob is None:
            return None
        status = CacheStatus.REVALIDATED if started else CacheStatus.COALESCED
        return self._stored(entry, blob, status)


def _judge(entry: Entry | None, demand: Demand) -> Verdict:
    if entry is None:
        return Verdict.FETCH
    return freshness.judge(
        entry.headers, entry.response_seconds, entry.fresh_for_seconds, demand, time.time()
    )


def _bridges_failure(entry: Entry, demand: Demand) -> bool:
    return freshness.bridges_failure(
        entry.headers, entry.response_seconds, entry.fresh_for_seconds, demand, time.time()
    )
