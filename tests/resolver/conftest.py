"""A resolver over a real store, and loaders whose origin is scripted in the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest_asyncio

from imageid_daemon.cache import Demand, Kept, Mode, Store
from imageid_daemon.callers import Claims
from imageid_daemon.config import MinFree
from imageid_daemon.fills import Patience
from imageid_daemon.metrics import Metrics
from imageid_daemon.origins import Origins
from imageid_daemon.registry import Installed, Registry
from imageid_daemon.resolver import Output, Resolver, Sources, Stat
from imageid_daemon.workers import Limits, Pool
from imageid_loaders.base import Image, Loader, NotModified, Request, Resource, Settings, Source
from imageid_loaders.errors import ImageError, InvalidImageId, NotFound

FRESH = {"cache-control": "max-age=60"}
ETAG = '"1"'


@dataclass
class Answer:
    """What the origin gives for one resource.

    Args:
        error: raised instead of an answer; NotModified once.
        released: the origin holds back all but the first byte until it is set.
        holding: set when the first byte was taken.
        promised_bytes: announced as the size, if not the real one.
    """

    data: bytes = b""
    media_type: str = "application/dicom"
    headers: Mapping[str, str] = field(default_factory=lambda: {"cache-control": "max-age=60"})
    error: ImageError | NotModified | None = None
    released: asyncio.Event | None = None
    holding: asyncio.Event = field(default_factory=asyncio.Event)
    promised_bytes: int | None = None
    says_size: bool = True
    transfer_syntax_uid: str | None = None


class ScriptedLoader:
    """Resolves `x:NAME` to the image that the test named so; counts what it opens."""

    name: ClassVar[str] = "scripted"
    summary: ClassVar[str] = "images of a test"

    def __init__(self, settings: Settings | None = None) -> None:
        self.images: dict[str, Image] = {}
        self.answers: dict[str, Answer] = {}
        self.opened: list[str] = []
        self.has_opened = asyncio.Event()

    def serve(self, name: str, answer: Answer, image: Image | None = None) -> str:
        """Give the resource `name`; the image of that name is the resource itself by default."""
        self.answers[name] = answer
        self.images[name] = image or Image(Resource(name, f"x://{name}"))
        return f"x:{name}"

    def resolve(self, image_id: str) -> Image:
        name = image_id.partition(":")[2]
        if name not in self.images:
            raise InvalidImageId("The test knows no such image.")
        return self.images[name]

    def bulk_data(self, document: Resource, uri: str) -> Resource:
        """Its key is the document's and the URI; a URI that ends in ! is none."""
        if uri.endswith("!"):
            raise InvalidImageId("The test knows no such value.")
        return Resource(f"{document.key} {uri}", f"x://{uri}")

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Source]:
        key = request.resource.key
        self.opened.append(key)
        self.has_opened.set()
        answer = self.answers.get(key)
        if answer is None:
            raise NotFound("The origin has no such image.")
        if isinstance(answer.error, NotModified):
            error, answer.error = answer.error, None
            raise error
        if answer.error is not None:
            raise answer.error
        if request.validators.etag and request.validators.etag == answer.headers.get("etag"):
            raise NotModified(answer.headers)
        size_bytes = answer.promised_bytes or len(answer.data)
        yield Source(
            answer.media_type,
            _chunks(answer),
            size_bytes if answer.says_size else None,
            answer.transfer_syntax_uid,
            answer.headers,
        )


async def _chunks(answer: Answer) -> AsyncIterator[bytes]:
    yield answer.data[:1]
    if answer.released is not None:
        answer.holding.set()
        await answer.released.wait()
    yield answer.data[1:]


@dataclass
class NoOrigins:
    """For loaders that use no HTTP.

    Args:
        identity: whose credentials every request carries.
        immutable: the administrator says that instances never change.
        share_public: and that public answers may serve everybody.
    """

    identity: str = ""
    immutable: bool = False
    share_public: bool = False
    most_connections: int = 8

    def transport(self, scheme: str, claims: Claims, kept: Kept | None) -> None:
        return None

    def scopes(self, url: str) -> tuple[str, ...]:
        return (self.identity, "") if self.identity and self.share_public else (self.identity,)

    def is_immutable(self, url: str) -> bool:
        return self.immutable

    def connections(self, url: str) -> int:
        return self.most_connections


@dataclass
class World:
    """What a test needs of the daemon."""

    resolver: Resolver
    store: Store
    loader: ScriptedLoader
    origins: Any
    directory: Path

    async def load(self, image_id: str, output: Output = None, **demand: object) -> Loaded:
        async with self.resolver.load(image_id, output, demand_of(**demand)) as answer:
            entry = await answer.whole()
            data = b""
            while part := await answer.body.read(len(data), 2**20):
                data += part
            return Loaded(data, answer.status.value, answer.stored, entry.digest)

    async def stat(self, image_id: str, output: Output = None) -> Stat:
        (stat,) = await self.resolver.stat([image_id], output)
        return stat

    def blobs(self) -> list[Path]:
        return list((self.directory / "blobs").glob("*/*"))


@dataclass(frozen=True)
class Loaded:
    data: bytes
    status: str
    stored: bool
    digest: str


def demand_of(
    mode: str = "default",
    max_age: float | None = None,
    max_stale: float = 0.0,
    min_fresh: float = 0.0,
) -> Demand:
    return Demand(Mode(mode), max_age, max_stale, min_fresh)


MakeWorld = Callable[..., World]


@asynccontextmanager
async def world_at(
    directory: Path,
    limit_bytes: int = 2**30,
    max_image_bytes: int = 2**30,
    decodes: bool = True,
    loader: Loader | None = None,
    origins: Origins | None = None,
    patience: Patience | None = None,
    pool: Pool | None = None,
    **settings: Any,
) -> AsyncIterator[World]:
    """A daemon's core over a directory.

    Args:
        decodes: False saves the time that worker processes take to start.
        loader: instead of the scripted one, found by its name as scheme.
        origins: real ones, for a loader that uses HTTP.
        patience: with fetches that nobody waits for.
        pool: one that runs already, and goes on afterwards.
        settings: of the store.
    """
    directory.mkdir(mode=0o700, exist_ok=True)
    corrupt: list[None] = []
    store = Store(
        directory,
        limit_bytes=limit_bytes,
        min_free=MinFree(amount_bytes=0),
        durable=False,
        on_corrupt=lambda: corrupt.append(None),
        **settings,
    )
    await store.open()
    scripted = ScriptedLoader()
    installed = [Installed(scripted, ("x",), "tests", "0")]
    if loader is not None:
        installed.append(Installed(loader, (loader.name,), "tests", "0"))
    registry = Registry(installed)
    origins = origins or NoOrigins()
    sources = Sources(store, origins, max_image_bytes, patience)  # type: ignore[arg-type]
    async with AsyncExitStack() as stack:
        pool = pool or await stack.enter_async_context(pool_of_two(starts=decodes))
        resolver = Resolver(registry, store, sources, pool)
        yield World(resolver, store, scripted, origins, directory)
        await resolver.close()
    await store.close()


@asynccontextmanager
async def pool_of_two(*, starts: bool = True) -> AsyncIterator[Pool]:
    pool = Pool(2, Limits(memory_bytes=2**32, cpu_seconds=60.0, wall_seconds=60.0), Metrics())
    if starts:
        await pool.start()
    yield pool
    await pool.close()


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with world_at(tmp_path / "cache") as made:
        yield made
