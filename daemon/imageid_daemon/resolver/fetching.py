"""The work of a source's fill: ask the origin, receive, and keep what may be kept."""

from __future__ import annotations

import contextlib
import time
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import msgspec

from imageid_daemon.cache import (
    Demand,
    Entry,
    Failures,
    Growth,
    Kept,
    Reservation,
    Store,
    Verdict,
    freshness,
)
from imageid_daemon.callers import Caller, Claims
from imageid_daemon.events import EventKind
from imageid_daemon.fills import Fill, gathered_pieces
from imageid_daemon.resolver.answer import Timing
from imageid_daemon.resolver.beginning import Beginning
from imageid_daemon.resolver.places import Place, Places
from imageid_daemon.resolver.seats import Seat
from imageid_daemon.resolver.shown_url import shown_url
from imageid_daemon.to_its_end import to_its_end
from imageid_loaders.base import (
    Loader,
    NotModified,
    Part,
    Request,
    Resource,
    Source,
    Transport,
    Validators,
)
from imageid_loaders.errors import Corrupt, ImageError, TooLarge

# How much is set aside at a time for a body whose origin does not say its size.
_UNKNOWN_SIZE_STEP_BYTES = 4 * 1024 * 1024


class Origins(Protocol):
    def transport(self, scheme: str, claims: Claims, kept: Kept | None) -> Transport: ...

    def scopes(self, url: str) -> tuple[str, ...]: ...

    def is_immutable(self, url: str) -> bool: ...

    def connections(self, url: str) -> int: ...


@dataclass(slots=True)
class Arrival:
    """The head of a fetch, completed at its end.

    Args:
        confirmed: there is no body: the stored copy is current.
    """

    media_type: str = ""
    confirmed: bool = False
    entry: Entry | None = None
    stored: bool = False
    timing: Timing = field(default_factory=Timing)


@dataclass(frozen=True, slots=True)
class Fetch:
    """What is to be fetched.

    Args:
        place: where its answer goes.
        stored: the copy that the origin may confirm.
        keep: False where the caller forbids it.
        caller: who wants it first.
        seat: where its part of a larger answer is waited for.
    """

    loader: Loader
    scheme: str
    resource: Resource
    place: Place
    stored: Entry | None
    keep: bool
    caller: Caller
    seat: Seat | None = None

    def open(self, request: Request) -> AbstractAsyncContextManager[Source]:
        """As `Loader.open`."""
        if self.seat is None:
            return self.loader.open(request)
        return self.seat.open(self.loader, request)


class Fetching:
    """Carries fetches out.

    Args:
        failures: told of each failure and of each success.
        max_image_bytes: the largest body accepted from an origin.
    """

    def __init__(
        self,
        store: Store,
        origins: Origins,
        places: Places,
        failures: Failures,
        max_image_bytes: int,
    ) -> None:
        self._store = store
        self._origins = origins
        self._places = places
        self._failures = failures
        self.max_image_bytes = max_image_bytes

    async def carry_out(self, fill: Fill[Arrival], fetch: Fetch) -> None:
        """Bring the resource into the fill and the store.

        Raises:
            ImageError: it cannot be had.
            NotModified: nothing is stored that the origin could confirm.
        """
        record = partial(
            self._store.events.record,
            key=fetch.place.key,
            url=shown_url(fetch.resource.url),
            representation="encoded",
        )
        record(EventKind.FILL_STARTED)
        try:
            await self._ask(fill, fetch)
        except ImageError as error:
            record(EventKind.FILL_FAILED, reason=error.reason)
            if fetch.keep:
                self._failures.remember(fetch.place.key, error, fetch.place.sent, time.time())
            raise

    async def _ask(self, fill: Fill[Arrival], fetch: Fetch) -> None:
        try:
            await self._transfer(fill, fetch, _validators(fetch.stored))
        except NotModified as confirmed:
            if fetch.stored is None:
                raise
            if freshness.confirms(fetch.stored.headers, confirmed.headers):
                await self._renew(fill, fetch, fetch.stored, confirmed)
                return
            # About another answer than ours: ask as if nothing were stored.
            await self._transfer(fill, fetch, Validators())

    async def _transfer(self, fill: Fill[Arrival], fetch: Fetch, validators: Validators) -> None:
        key = fetch.place.fill_key if fetch.keep else None
        beginning = Beginning(self._store.partials, key, fetch.resource.url)
        async with beginning.taken() as kept:
            transport = self._origins.transport(fetch.scheme, fill.claims, kept)
            request = Request(fetch.resource, transport, validators)
            started_seconds = time.monotonic()
            reservation = self._store.reservation()
            try:
                async with fetch.open(request) as source:
                    arrival = await self._arrive(fill, fetch, source, reservation, started_seconds)
                    async with beginning.growing(fill, source, reservation) as growth:
                        await self._receive(fill, source, arrival, reservation, growth)
                arrival.timing.origin_total = time.monotonic() - started_seconds
                await self._keep(fill, fetch, source, arrival, reservation)
                beginning.is_spent = True
            finally:
                reservation.release()

    async def _arrive(
        self,
        fill: Fill[Arrival],
        fetch: Fetch,
        source: Source,
        reservation: Reservation,
        started_seconds: float,
    ) -> Arrival:
        self._check_size(source.size_bytes or 0)
        keep = fetch.keep and freshness.storable(source.headers)
        room_bytes = _UNKNOWN_SIZE_STEP_BYTES if source.size_bytes is None else source.size_bytes
        arrival = Arrival(
            _content_type(source),
            stored=keep and await reservation.grow(room_bytes),
            timing=Timing(origin_first_byte=time.monotonic() - started_seconds),
        )
        fill.announce(arrival, source.size_bytes)
        return arrival

    async def _receive(
        self,
        fill: Fill[Arrival],
        source: Source,
        arrival: Arrival,
        reservation: Reservation,
        growth: Growth | None,
    ) -> None:
        spool = fill.spool
        async with gathered_pieces(source.chunks) as arriving:
            async for chunks in arriving:
                received_bytes = spool.size_bytes + sum(map(len, chunks))
                self._check_size(received_bytes)
                if arrival.stored and received_bytes > reservation.size_bytes:
                    arrival.stored = await reservation.grow(_UNKNOWN_SIZE_STEP_BYTES)
                await spool.write(*chunks)
                if growth is not None:
                    await growth.note()
        if not spool.size_bytes:
            await spool.write()  # an empty body is a file, too
        if source.size_bytes is not None and spool.size_bytes != source.size_bytes:
            raise Corrupt(
                f"The origin announced {source.size_bytes} bytes and sent {spool.size_bytes}. "
                "Nothing is stored; ask again."
            )

    async def _keep(
        self,
        fill: Fill[Arrival],
        fetch: Fetch,
        source: Source,
        arrival: Arrival,
        reservation: Reservation,
    ) -> None:
        spool = fill.spool
        nominated = freshness.nominated(source.headers, fetch.place.sent)
        entry = Entry(
            key=await self._places.key_for(fetch.place, source.headers, nominated),
            digest=spool.sha256,
            size_bytes=spool.size_bytes,
            media_type=arrival.media_type,
            headers=self._headers(fetch.resource, freshness.kept(source.headers)),
            response_seconds=time.time(),
            fresh_for_seconds=fetch.resource.fresh_for_seconds,
            nominated=nominated,
            url=shown_url(fetch.resource.url),
        )
        if fetch.keep:
            self._failures.forget(fetch.place.key)
        if arrival.stored and not spool.in_memory:
            try:
                await to_its_end(
                    self._store.commit(spool.file_path, entry, reservation, spool.checksums)
                )
                spool.published()
            except OSError:
                arrival.stored = False  # the disk refuses: the callers have their bytes
        else:
            arrival.stored = False
        arrival.entry = entry

    async def _renew(
        self, fill: Fill[Arrival], fetch: Fetch, stored: Entry, confirmed: NotModified
    ) -> None:
        headers = freshness.renewed(stored.headers, confirmed.headers)
        entry = msgspec.structs.replace(
            stored,
            headers=self._headers(fetch.resource, headers),
            response_seconds=time.time(),
        )
        self._failures.forget(fetch.place.key)
        # It is confirmed for these callers even where the index does not take it.
        with contextlib.suppress(OSError):
            await to_its_end(self._store.renew(entry))
        fill.announce(Arrival(entry.media_type, confirmed=True, entry=entry, stored=True))

    def is_kept(self, part: Part) -> bool:
        """Whether such an answer, once stored, serves who asks for it then."""
        headers = part.source.headers
        if part.resource is None:
            return True
        now_seconds, resource = time.time(), part.resource
        said = self._headers(resource, freshness.kept(headers))
        verdict = freshness.judge(
            said, now_seconds, resource.fresh_for_seconds, Demand(), now_seconds
        )
        return freshness.storable(headers) and verdict is Verdict.FRESH

    def _headers(self, resource: Resource, headers: dict[str, str]) -> dict[str, str]:
        if resource.is_instance and self._origins.is_immutable(resource.url):
            return freshness.declared_immutable(headers)
        return headers

    def _check_size(self, size_bytes: int) -> None:
        if size_bytes > self.max_image_bytes:
            raise TooLarge(
                f"The image has more than {self.max_image_bytes} bytes. Raise [cache] max_image "
                "to accept it."
            )


def _validators(entry: Entry | None) -> Validators:
    if entry is None:
        return Validators()
    return Validators(entry.headers.get("etag"), entry.headers.get("last-modified"))


def _content_type(source: Source) -> str:
    # The parameter of PS3.18 section 8.7.3.5.2: a frame's bytes do not say it themselves.
    if source.transfer_syntax_uid is None:
        return source.media_type
    return f"{source.media_type}; transfer-syntax={source.transfer_syntax_uid}"
