"""A resource through the cache: a stored copy, a running fill, or a fetch."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from typing import Any, Protocol

from imageid_daemon.cache import Demand, Entry, Mode, Reservation, Store, Verdict, freshness
from imageid_daemon.callers import Caller, Claims
from imageid_daemon.fills import Blob, Fill, Fills, to_its_end
from imageid_daemon.resolver.answer import Answer, CacheStatus, Timing
from imageid_daemon.resolver.keys import source_key
from imageid_loaders.base import (
    Loader,
    NotModified,
    Request,
    Resource,
    Source,
    Transport,
    Validators,
)
from imageid_loaders.errors import Corrupt, NotInCache, TooLarge, Unavailable

# How much is set aside at a time for a body whose origin does not say its size.
_UNKNOWN_SIZE_STEP_BYTES = 4 * 1024 * 1024


class Origins(Protocol):
    def transport(self, scheme: str, claims: Claims) -> Transport: ...

    def scope(self, url: str) -> str: ...


@dataclass(slots=True)
class _Arrival:
    """The head of a fetch, completed at its end."""

    media_type: str = ""
    confirmed: bool = False
    entry: Entry | None = None
    stored: bool = False
    timing: Timing = field(default_factory=Timing)


@dataclass(frozen=True, slots=True)
class _Fetch:
    loader: Loader
    scheme: str
    resource: Resource
    key: str
    stored: Entry | None
    keep: bool
    caller: Caller


class Sources:
    """Obtains resources.

    Args:
        max_image_bytes: the largest body accepted from an origin.
    """

    def __init__(self, store: Store, origins: Origins, max_image_bytes: int) -> None:
        self.origins = origins
        self._store = store
        self.max_image_bytes = max_image_bytes
        self._fills: Fills[_Arrival] = Fills(store.new_spool_path, store.disk)
        self._private = itertools.count()

    @property
    def running(self) -> int:
        return len(self._fills)

    def key(self, resource: Resource) -> str:
        return source_key(self.origins.scope(resource.url), resource.key)

    def is_filling(self, key: str) -> bool:
        return key in self._fills

    async def close(self) -> None:
        await self._fills.close()

    async def obtain(
        self, stack: AsyncExitStack, loader: Loader, scheme: str, resource: Resource, demand: Demand
    ) -> Answer:
        """The resource's bytes, possibly still arriving; open until the stack unwinds.

        Raises:
            ImageError: it cannot be had.
        """
        key = self.key(resource)
        entry = await self._store.find(key)
        verdict = self.judge(entry, demand)
        blob = None
        if entry is not None and verdict is not Verdict.FETCH:
            blob = await self._open(stack, entry)
        if entry is not None and blob is not None and verdict in (Verdict.FRESH, Verdict.STALE):
            self._store.note_use(entry)
            status = CacheStatus.HIT if verdict is Verdict.FRESH else CacheStatus.STALE
            return _stored(entry, blob, status)
        if demand.mode is Mode.ONLY_IF_CACHED:
            raise NotInCache("The image is not in the cache, and the request forbids fetching it.")
        keep = demand.mode is not Mode.NO_STORE
        stored = entry if blob else None
        fetch = _Fetch(loader, scheme, resource, key, stored, keep, demand.caller)
        try:
            return await self._follow(stack, fetch, blob)
        except Unavailable:
            if entry is None or blob is None or not _bridges_failure(entry, demand):
                raise
            self._store.note_use(entry)
            return _stored(entry, blob, CacheStatus.STALE)

    def judge(self, entry: Entry | None, demand: Demand) -> Verdict:
        """What a stored entry is good for now."""
        if entry is None:
            return Verdict.FETCH
        return freshness.judge(
            entry.headers, entry.response_seconds, entry.fresh_for_seconds, demand, time.time()
        )

    async def _open(self, stack: AsyncExitStack, entry: Entry) -> Blob | None:
        file = await self._store.open_blob(entry)
        if file is None:
            return None
        return stack.enter_context(closing(Blob(file)))

    async def _follow(self, stack: AsyncExitStack, fetch: _Fetch, blob: Blob | None) -> Answer:
        # Nobody may join what must not be kept for anybody.
        fill_key = fetch.key if fetch.keep else f"{fetch.key}#{next(self._private)}"

        def work(fill: Fill[_Arrival]) -> Coroutine[Any, Any, None]:
            return self._fetch(fill, fetch)

        joined = self._fills.join(fill_key, work, fetch.caller)
        fill, started = await stack.enter_async_context(joined)
        arrival = await fill.head()
        if arrival.confirmed and arrival.entry is not None:
            same = fetch.stored is not None and fetch.stored.digest == arrival.entry.digest
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

    async def _confirmed(
        self, stack: AsyncExitStack, entry: Entry, blob: Blob | None, started: bool
    ) -> Answer:
        # Evicted meanwhile or not, a caller that has it open has it.
        blob = blob or await self._open(stack, entry)
        if blob is None:
            raise Corrupt("The stored copy vanished while the origin confirmed it. Ask again.")
        self._store.note_use(entry)
        status = CacheStatus.REVALIDATED if started else CacheStatus.COALESCED
        return _stored(entry, blob, status)

    async def _fetch(self, fill: Fill[_Arrival], fetch: _Fetch) -> None:
        transport = self.origins.transport(fetch.scheme, fill.claims)
        request = Request(fetch.resource, transport, _validators(fetch.stored))
        started_seconds = time.monotonic()
        reservation = self._store.reservation()
        try:
            async with fetch.loader.open(request) as source:
                arrival = await self._arrive(fill, fetch, source, reservation, started_seconds)
                await self._receive(fill, source, arrival, reservation)
            arrival.timing.origin_total = time.monotonic() - started_seconds
            await self._keep(fill, fetch, source, arrival, reservation)
        except NotModified as confirmed:
            if fetch.stored is None:
                raise
            await self._renew(fill, fetch.stored, confirmed)
        finally:
            reservation.release()

    async def _arrive(
        self,
        fill: Fill[_Arrival],
        fetch: _Fetch,
        source: Source,
        reservation: Reservation,
        started_seconds: float,
    ) -> _Arrival:
        self._check_size(source.size_bytes or 0)
        keep = fetch.keep and freshness.storable(source.headers)
        room_bytes = _UNKNOWN_SIZE_STEP_BYTES if source.size_bytes is None else source.size_bytes
        arrival = _Arrival(
            _content_type(source),
            stored=keep and await reservation.grow(room_bytes),
            timing=Timing(origin_first_byte=time.monotonic() - started_seconds),
        )
        fill.announce(arrival, source.size_bytes)
        return arrival

    async def _receive(
        self, fill: Fill[_Arrival], source: Source, arrival: _Arrival, reservation: Reservation
    ) -> None:
        spool = fill.spool
        async for chunk in source.chunks:
            if not chunk:
                continue
            received_bytes = spool.size_bytes + len(chunk)
            self._check_size(received_bytes)
            if arrival.stored and received_bytes > reservation.size_bytes:
                arrival.stored = await reservation.grow(_UNKNOWN_SIZE_STEP_BYTES)
            await spool.write(chunk)
        if source.size_bytes is not None and spool.size_bytes != source.size_bytes:
            raise Corrupt(
                f"The origin announced {source.size_bytes} bytes and sent {spool.size_bytes}. "
                "Nothing is stored; ask again."
            )

    async def _keep(
        self,
        fill: Fill[_Arrival],
        fetch: _Fetch,
        source: Source,
        arrival: _Arrival,
        reservation: Reservation,
    ) -> None:
        spool = fill.spool
        entry = Entry(
            key=fetch.key,
            digest=spool.sha256,
            size_bytes=spool.size_bytes,
            media_type=arrival.media_type,
            headers=freshness.kept(source.headers),
            response_seconds=time.time(),
            fresh_for_seconds=fetch.resource.fresh_for_seconds,
        )
        if arrival.stored and not spool.in_memory:
            try:
                await to_its_end(
                    self._store.commit(spool.file_path, entry, reservation, spool.checksums)
                )
            except OSError:
                arrival.stored = False  # the disk refuses: the callers have their bytes
        else:
            arrival.stored = False
        arrival.entry = entry

    async def _renew(self, fill: Fill[_Arrival], stored: Entry, confirmed: NotModified) -> None:
        entry = Entry(
            key=stored.key,
            digest=stored.digest,
            size_bytes=stored.size_bytes,
            media_type=stored.media_type,
            headers=freshness.renewed(stored.headers, confirmed.headers),
            response_seconds=time.time(),
            fresh_for_seconds=stored.fresh_for_seconds,
        )
        # It is confirmed for these callers even where the index does not take it.
        with contextlib.suppress(OSError):
            await to_its_end(self._store.renew(entry))
        fill.announce(_Arrival(entry.media_type, confirmed=True, entry=entry, stored=True))

    def _check_size(self, size_bytes: int) -> None:
        if size_bytes > self.max_image_bytes:
            raise TooLarge(
                f"The image has more than {self.max_image_bytes} bytes. Raise [cache] max_image "
                "to accept it."
            )


def _bridges_failure(entry: Entry, demand: Demand) -> bool:
    return freshness.bridges_failure(
        entry.headers, entry.response_seconds, entry.fresh_for_seconds, demand, time.time()
    )


def _stored(entry: Entry, blob: Blob, status: CacheStatus) -> Answer:
    return Answer(blob, entry.media_type, status, entry.size_bytes, entry)


def _validators(entry: Entry | None) -> Validators:
    if entry is None:
        return Validators()
    return Validators(entry.headers.get("etag"), entry.headers.get("last-modified"))


def _content_type(source: Source) -> str:
    # The parameter of PS3.18 section 8.7.3.5.2: a frame's bytes do not say it themselves.
    if source.transfer_syntax_uid is None:
        return source.media_type
    return f"{source.media_type}; transfer-syntax={source.transfer_syntax_uid}"
