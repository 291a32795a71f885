"""The DICOM JSON of one instance, out of a document that describes its whole series.

One document serves every slice of a series, so it is cut apart once and remembered.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

import msgspec

from imageid_daemon import pixels
from imageid_daemon.cache import Demand, Entry, Mode
from imageid_daemon.callers import Caller, Claims
from imageid_daemon.pixels import Encoded
from imageid_daemon.resolver.answer import Answer, CacheStatus, combined
from imageid_daemon.resolver.bulk_data import Value, values_of
from imageid_daemon.resolver.bytes_of import check_document
from imageid_daemon.resolver.grounds import Grounds
from imageid_daemon.resolver.readings import Readings
from imageid_daemon.resolver.sources import Sources
from imageid_loaders.base import Image, Loader, Resource
from imageid_loaders.errors import NotFound, NotInCache, NotSeparable, Undecodable, Unsupported

_REMEMBERED_DOCUMENTS = 16


@dataclass(frozen=True, slots=True)
class Instance:
    """One data set.

    Args:
        dicom_json: a DICOM JSON object (PS3.18 F).
        document: that it stands in.
        bulk: values that it refers to, by their URIs.
        bulk_digests: of these values.
        keep: whether the cache may keep what is derived from it.
    """

    dicom_json: bytes
    document: Resource
    status: CacheStatus
    keep: bool
    grounds: Grounds | None = None
    bulk: tuple[tuple[str, bytes], ...] = ()
    bulk_digests: tuple[str, ...] = ()

    @property
    def parents(self) -> tuple[str, ...]:
        return (hashlib.sha256(self.dicom_json).hexdigest(), *self.bulk_digests)


@dataclass(frozen=True, slots=True)
class Document:
    """The DICOM JSON object of each instance that it describes, by SOPInstanceUID."""

    instances: dict[str, bytes]
    status: CacheStatus
    keep: bool
    grounds: Grounds | None = None


class Shelf(Protocol):
    """Where documents are had from."""

    async def document(
        self, loader: Loader, scheme: str, resource: Resource, demand: Demand
    ) -> Document: ...


@dataclass(slots=True)
class _Cutting:
    """Those who wait for one document's instances: one of them has it cut at a time."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    claims: Claims = field(default_factory=Claims)
    callers: int = 0


class Documents:
    def __init__(self, sources: Sources, readings: Readings) -> None:
        self._sources = sources
        self._readings = readings
        self._split: OrderedDict[str, dict[str, bytes]] = OrderedDict()
        # A viewer asks for all slices at once: the first cuts, the others wait for it.
        self._cutting: dict[str, _Cutting] = {}

    async def instance(self, loader: Loader, scheme: str, image: Image, demand: Demand) -> Instance:
        """The data set of the image, from the first of its documents that has it.

        Raises:
            NotSeparable: none has it.
            NotInCache: none that is stored has it, and no origin may be asked.
            ImageError: an origin fails otherwise.
        """
        return await instance_from(self, loader, scheme, image, demand)

    async def with_bulk_data(
        self,
        loader: Loader,
        scheme: str,
        instance: Instance,
        frames: Sequence[int],
        demand: Demand,
    ) -> Instance:
        """The same, and what describing these frames needs of the values that are elsewhere.

        Raises:
            Undecodable: the data set is not DICOM JSON.
        """
        if not pixels.may_refer_to_bulk_data(instance.dicom_json):
            return instance
        encoded = Encoded("", "", dicom_json=instance.dicom_json)
        uris = await self._readings.references(
            frames, instance.parents, encoded, Claims(demand.caller)
        )
        found = await values_of(self._sources, loader, scheme, instance.document, uris, demand)
        return _with_values(instance, found)

    async def document(
        self, loader: Loader, scheme: str, resource: Resource, demand: Demand
    ) -> Document:
        """One document, cut into its instances.

        Raises:
            ImageError: it cannot be had, or is none.
        """
        async with AsyncExitStack() as stack:
            answer = await self._sources.obtain(stack, loader, scheme, resource, demand)
            instances = await self._instances(answer, demand.caller)
        keep = answer.stored and demand.mode is not Mode.NO_STORE
        return Document(instances, answer.status, keep, answer.grounds)

    async def _instances(self, answer: Answer, caller: Caller) -> dict[str, bytes]:
        entry = await answer.whole()
        known = self._split.get(entry.digest)
        if known is None:
            with self._cutting_for(caller, entry.digest) as cutting:
                async with cutting.turn:
                    known = self._split.get(entry.digest)
                    known = known or await self._cut(answer, entry, cutting.claims)
                    self._split[entry.digest] = known
        self._split.move_to_end(entry.digest)
        if len(self._split) > _REMEMBERED_DOCUMENTS:
            self._split.popitem(last=False)
        return known

    @contextmanager
    def _cutting_for(self, caller: Caller, digest: str) -> Iterator[_Cutting]:
        cutting = self._cutting.setdefault(digest, _Cutting())
        cutting.callers += 1
        cutting.claims.add(caller)
        try:
            yield cutting
        finally:
            cutting.callers -= 1
            cutting.claims.remove(caller)
            if not cutting.callers:
                del self._cutting[digest]

    async def _cut(self, answer: Answer, entry: Entry, claims: Claims) -> dict[str, bytes]:
        check_document(entry)
        with closing(answer.body.duplicate()) as document:
            cut = await self._readings.split_metadata(entry.digest, document.descriptor, claims)
        try:
            return await asyncio.to_thread(msgspec.msgpack.decode, cut, type=dict[str, bytes])
        except msgspec.MsgspecError:
            raise Undecodable(
                "the metadata cannot be read because their reader gave something else than it "
                "should; load the whole instance rather than the frame"
            ) from None


async def instance_from(
    shelf: Shelf, loader: Loader, scheme: str, image: Image, demand: Demand
) -> Instance:
    """See `Documents.instance`."""
    refused: Exception | None = None
    absent: NotInCache | None = None
    for resource in image.metadata:
        try:
            found = await shelf.document(loader, scheme, resource, demand)
        except NotInCache as error:
            absent = error
            continue
        except (NotFound, Undecodable, Unsupported) as error:
            refused = error
            continue
        data_set = _pick(found.instances, image.sop_instance_uid)
        if data_set is not None:
            # Those before it may have it next time.
            grounds = found.grounds if resource is image.metadata[0] else None
            return Instance(data_set, resource, found.status, found.keep, grounds)
    if absent is not None:
        raise absent
    raise NotSeparable("No metadata document of the origin describes the image.") from refused


def _with_values(instance: Instance, found: list[Value]) -> Instance:
    return replace(
        instance,
        bulk=tuple((value.uri, value.data) for value in found),
        bulk_digests=tuple(value.entry.digest for value in found),
        status=combined(instance.status, *(value.answer.status for value in found)),
        keep=instance.keep and all(value.keep for value in found),
        # What could not be had may be there the next time.
        grounds=None,
    )


def _pick(instances: dict[str, bytes], sop_instance_uid: str | None) -> bytes | None:
    if sop_instance_uid is None:
        return next(iter(instances.values())) if len(instances) == 1 else None
    return instances.get(sop_instance_uid)
