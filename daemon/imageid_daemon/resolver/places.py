"""Where the answers to a resource stand in the store.

The first answer stands under the key of the resource and of who asked. Where its Vary makes
it useless for a request that sends other fields, the answer to that one stands under a key
of its own, which only the first one's Vary leads to.

An answer to one identity never serves another, unless its origin calls it public and the
configuration shares those of this origin: then it stands under the key of nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from imageid_daemon.cache import Entry, Store, freshness
from imageid_daemon.resolver.keys import source_key, variant_key
from imageid_loaders.base import Resource

_REMEMBERED_PLACES = 4096


class Scopes(Protocol):
    def scopes(self, url: str) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where one resource's answers stand.

    Args:
        key: of the identity that asks.
        public_key: of everybody's answers; None where there are none.
        sent: the request's fields that a Vary may name; who is asking is in the key.
        fill_key: who asks for the same with the same fields joins its fill.
    """

    key: str
    public_key: str | None
    sent: Mapping[str, str]
    fill_key: str


class Places:
    def __init__(self, store: Store, scopes: Scopes) -> None:
        self._store = store
        self._scopes = scopes

    def of(self, resource: Resource) -> Place:
        """Pure; asks the configuration alone."""
        return _place(resource, self._scopes.scopes(resource.url))

    async def find(self, place: Place) -> Entry | None:
        """The stored answer to this request."""
        entry = await self._find(place.key, place.sent)
        if entry is None and place.public_key is not None:
            entry = await self._find(place.public_key, place.sent)
            return entry if entry is not None and freshness.is_public(entry.headers) else None
        return entry

    async def key_for(
        self, place: Place, headers: Mapping[str, str], nominated: Mapping[str, str | None]
    ) -> str:
        """Where an answer goes.

        Args:
            nominated: the request's fields that it varies by.
        """
        key = place.key
        if place.public_key is not None and freshness.is_public(headers):
            key = place.public_key
        first = await self._store.find(key)
        # An origin that varies by other fields than before has changed its mind about all.
        if first is None or set(first.nominated) != set(nominated):
            return key
        same = freshness.matches(first.nominated, place.sent)
        return key if same else variant_key(key, nominated)

    async def keys(self, place: Place) -> set[str]:
        """Every key under which this request's answer may stand."""
        keys: set[str] = set()
        for key in filter(None, (place.key, place.public_key)):
            keys.add(key)
            if (first := await self._store.find(key)) is not None:
                keys.add(_further_key(key, first, place.sent))
        return keys

    async def _find(self, key: str, sent: Mapping[str, str]) -> Entry | None:
        first = await self._store.find(key)
        if first is None or freshness.matches(first.nominated, sent):
            return first
        return await self._store.find(_further_key(key, first, sent))


# An image is asked about several times while it is fetched, by each of its callers.
@lru_cache(_REMEMBERED_PLACES)
def _place(resource: Resource, scopes: tuple[str, ...]) -> Place:
    own, *public = (source_key(scope, resource.key) for scope in scopes)
    sent = {
        "accept": resource.accept,
        "accept-encoding": "identity",
        **dict(resource.request_headers),
    }
    fill_key = variant_key(own, sent) if resource.request_headers else own
    return Place(own, public[0] if public else None, sent, fill_key)


def _further_key(key: str, first: Entry, sent: Mapping[str, str]) -> str:
    vary = {"vary": ",".join(first.nominated)}
    return variant_key(key, freshness.nominated(vary, sent))
