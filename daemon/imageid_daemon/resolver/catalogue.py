"""What is stored: listed, forgotten and pinned, by imageId or by what the entries say."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass

from imageid_daemon.cache import Entry, Pin, Store
from imageid_daemon.resolver.material import Resolved
from imageid_daemon.resolver.selection import Chosen
from imageid_daemon.resolver.sources import Sources
from imageid_loaders.base import Image, Resource
from imageid_loaders.errors import Busy, PinLimit

# What is read, or resolved, before others have a turn.
_ENTRIES_AT_ONCE = 500
_IMAGES_AT_ONCE = 50
# The other half stays for what is looked at today.
_PINNED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Listed:
    """A stored entry and its pin."""

    entry: Entry
    pin: Pin | None


@dataclass(frozen=True, slots=True)
class Evicted:
    """What was forgotten, or would be.

    Args:
        pinned: entries that were kept because they, or what needs them, are pinned.
    """

    entries: int
    freed_bytes: int
    pinned: int


class Catalogue:
    """Args:
    resolve: raises ImageError for what is no imageId.
    """

    def __init__(self, store: Store, sources: Sources, resolve: Callable[[str], Resolved]) -> None:
        self._store = store
        self._sources = sources
        self._resolve = resolve

    # Listing

    async def page(
        self, chosen: Chosen, after_key: str, count: int
    ) -> tuple[list[Listed], str | None]:
        """Up to so many of the chosen entries, and the key to go on after; None at the end."""
        found: list[Listed] = []
        after: str | None = after_key
        while after is not None and len(found) < count:
            # No more than may be given: the page ends at the last one read.
            entries, after = await self._store.page(
                after, min(count - len(found), _ENTRIES_AT_ONCE)
            )
            found += [
                Listed(entry, self._store.pin_of(entry.key)) for entry in entries if chosen(entry)
            ]
        return found, after

    # Choosing

    async def keys_of_images(self, image_ids: Iterable[str]) -> set[str]:
        """Everything stored of these images.

        Raises:
            ImageError: one is no imageId.
        """
        return set().union(*[found async for _, found, _ in self._families(image_ids)])

    async def keys_of_chosen(self, chosen: Chosen) -> set[str]:
        """Everything stored of the images whose entries are chosen."""
        ledger = self._store.ledger
        keys: set[str] = set()
        after: str | None = ""
        while after is not None:
            entries, after = await self._store.page(after, _ENTRIES_AT_ONCE)
            for entry in filter(chosen, entries):
                # A derived one says of its source whose it is.
                sources = {key for digest in entry.parents for key in ledger.keys_of(digest)}
                for key in sources or {entry.key}:
                    keys |= ledger.family(key)
        return keys

    def keys_of_tag(self, tag: str) -> set[str]:
        """Everything that was pinned under a label, and what was made of it."""
        family = self._store.ledger.family
        return set().union(*map(family, self._store.tagged(tag)))

    # Changing

    async def evict(self, keys: set[str], *, count_only: bool, include_pinned: bool) -> Evicted:
        """Forget entries; pinned ones, and what they were made of, only if that is said."""
        now_seconds = time.time()
        ledger = self._store.ledger
        kept: set[str] = set()
        if not include_pinned:
            kept = {
                key
                for key in keys
                if any(ledger.is_pinned(each, now_seconds) for each in ledger.family(key))
            }
        if count_only:
            return Evicted(len(keys - kept), ledger.bytes_of(keys - kept), len(kept))
        if include_pinned:
            await self._store.unpin(keys)
        entries, freed_bytes = await self._store.forget(keys - kept)
        return Evicted(entries, freed_bytes, len(kept))

    @property
    def pin_limit_bytes(self) -> int:
        """What pins may hold together."""
        return int(self._store.ledger.limit_bytes * _PINNED_SHARE)

    @property
    def pinned_bytes(self) -> int:
        return self._store.ledger.pinned_bytes(time.time())

    async def pin(self, image_ids: Iterable[str], until_seconds: float, tag: str) -> list[int]:
        """Pin what is stored of images.

        Returns:
            Which of them are not stored, and so not pinned; from 0.

        Raises:
            ImageError: one is no imageId.
            PinLimit: pins would hold more than their share; nothing is pinned.
            Busy: the disk does not take the pins now.
        """
        keys, absent = await self._pinnable(image_ids)
        would_hold_bytes = self._store.ledger.pinned_bytes(time.time(), keys)
        # What is over already, because the limit was lowered, may be pinned on.
        if would_hold_bytes > max(self.pin_limit_bytes, self.pinned_bytes):
            raise PinLimit(
                f"Pinned images would hold {would_hold_bytes} bytes, and their share of the "
                f"cache is {self.pin_limit_bytes}. Unpin some, or raise [cache] size.",
                pin_limit_bytes=str(self.pin_limit_bytes),
            )
        try:
            await self._store.pin(keys, until_seconds, tag)
        except OSError as error:
            raise Busy(
                "The cache's disk does not take the pins now. Try again when it has room."
            ) from error
        return absent

    async def unpin(self, image_ids: Iterable[str]) -> list[int]:
        """End the pins of images; gives which of them are not stored.

        Raises:
            ImageError: one is no imageId.
        """
        keys, absent = await self._pinnable(image_ids)
        await self._store.unpin(keys)
        return absent

    async def _pinnable(self, image_ids: Iterable[str]) -> tuple[set[str], list[int]]:
        """What a pin keeps of these images, and which of them are not stored."""
        keys: set[str] = set()
        absent = []
        async for index, found, image in self._families(image_ids):
            keys |= found
            if not found:
                absent.append(index)
                continue
            # A lone frame cannot be decoded without its document.
            for resource in image.metadata:
                keys |= await self._stored_keys(resource)
        return keys, absent

    async def _families(
        self, image_ids: Iterable[str]
    ) -> AsyncIterator[tuple[int, set[str], Image]]:
        """For each image, what is stored of it: its sources, and what was made of them."""
        ledger = self._store.ledger
        for index, image_id in enumerate(image_ids):
            if index % _IMAGES_AT_ONCE == 0:
                await asyncio.sleep(0)
            image = self._resolve(image_id).image
            found: set[str] = set()
            for resource in (image.resource, image.container):
                if resource is not None:
                    for key in await self._stored_keys(resource):
                        found |= ledger.family(key)
            yield index, found, image

    async def _stored_keys(self, resource: Resource) -> set[str]:
        return {key for key in await self._sources.keys(resource) if key in self._store.ledger}
