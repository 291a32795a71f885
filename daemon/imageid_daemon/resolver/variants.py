"""Where the answers to a resource stand in the store.

The first answer stands under the resource's key. Where its Vary makes it useless for a
request that sends other fields, the answer to that one stands under a key of its own, which
only the first one's Vary leads to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from imageid_daemon.cache import Entry, Store, freshness
from imageid_daemon.resolver.keys import source_key, variant_key
from imageid_loaders.base import Resource


class Scopes(Protocol):
    def scope(self, url: str) -> str: ...


class Variants:
    def __init__(self, store: Store, scopes: Scopes) -> None:
        self._store = store
        self._scopes = scopes

    def key(self, resource: Resource) -> str:
        """The resource's own key; whose credentials fetch it is part of it."""
        return source_key(self._scopes.scope(resource.url), resource.key)

    def fill_key(self, resource: Resource) -> str:
        """What is on its way for one request may be joined by another that sends the same."""
        key = self.key(resource)
        return variant_key(key, sent(resource)) if resource.request_headers else key

    async def find(self, resource: Resource) -> Entry | None:
        """The stored answer to this resource's request."""
        key = self.key(resource)
        first = await self._store.find(key)
        if first is None or freshness.matches(first.nominated, sent(resource)):
            return first
        return await self._store.find(_further_key(key, first, resource))

    async def key_for(self, resource: Resource, nominated: Mapping[str, str | None]) -> str:
        """Where an answer that varies by these fields goes."""
        key = self.key(resource)
        first = await self._store.find(key)
        # An origin that varies by other fields than before has changed its mind about all.
        if first is None or set(first.nominated) != set(nominated):
            return key
        if freshness.matches(first.nominated, sent(resource)):
            return key
        return variant_key(key, nominated)

    async def keys(self, resource: Resource) -> set[str]:
        """Every key under which this resource's answer may stand."""
        key = self.key(resource)
        first = await self._store.find(key)
        return {key} if first is None else {key, _further_key(key, first, resource)}


def sent(resource: Resource) -> dict[str, str]:
    """The request's fields that a Vary may name. Who is asking is in the key already."""
    return {
        "accept": resource.accept,
        "accept-encoding": "identity",
        **dict(resource.request_headers),
    }


def _further_key(key: str, first: Entry, resource: Resource) -> str:
    vary = {"vary": ",".join(first.nominated)}
    return variant_key(key, freshness.nominated(vary, sent(resource)))
