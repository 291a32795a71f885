"""The conformance suite for loaders, for pytest.

Subclass `LoaderTests`, give its fixtures, and the tests that every loader has to pass are
inherited; `ListerTests` likewise for a loader that can list. They are plain functions, no
plug-in of pytest is needed. For readable failures, a conftest.py has
`pytest.register_assert_rewrite("imageid_loaders.testing")`.
"""

# ruff: noqa: S101 - tests assert

from __future__ import annotations

import asyncio
import pickle
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import FrozenInstanceError, dataclass
from typing import ClassVar, TypeVar

import httpx
import pytest

from imageid_loaders.base import (
    Image,
    ListedImage,
    Lister,
    Loader,
    NotModified,
    Request,
    Resource,
    Response,
    Source,
    Transport,
    Validators,
)
from imageid_loaders.errors import ImageError, InvalidImageId, NotAllowed, NotFound, Unavailable

_Result = TypeVar("_Result")


class HttpTransport:
    """HTTP without the daemon's allow-list, credentials, limits and retries.

    To be used as `async with HttpTransport() as transport`.
    """

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(follow_redirects=True, trust_env=False, timeout=10)

    async def __aenter__(self) -> HttpTransport:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.aclose()

    @asynccontextmanager
    async def get(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[Response]:
        request = self._client.build_request("GET", url, headers=dict(headers))
        with _http_errors():
            response = await self._client.send(request, stream=True)
        try:
            names = {name.lower(): value for name, value in response.headers.items()}
            yield Response(response.status_code, names, _body(response))
        finally:
            await response.aclose()


async def _body(response: httpx.Response) -> AsyncIterator[bytes]:
    with _http_errors():
        async for chunk in response.aiter_bytes():
            yield chunk


@contextmanager
def _http_errors() -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise Unavailable(f"The origin cannot be read: {type(error).__name__}.") from error


class BrokenTransport:
    """Lets every body break off after its first half."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @asynccontextmanager
    async def get(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[Response]:
        async with self._transport.get(url, headers) as response:
            yield Response(response.status, response.headers, self._half(response.chunks))

    async def _half(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        data = b"".join([chunk async for chunk in chunks])
        yield data[: len(data) // 2]
        raise Unavailable("The origin hung up.")


class DeadTransport:
    """An origin that cannot be reached."""

    def get(self, url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Response]:
        raise Unavailable("The origin cannot be reached.")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A resource, opened and read to its end."""

    source: Source
    chunks: tuple[bytes, ...]

    @property
    def data(self) -> bytes:
        return b"".join(self.chunks)


async def load(
    loader: Loader, resource: Resource, transport: Transport, validators: Validators | None = None
) -> Loaded:
    """Open a resource as the daemon does, and read it to its end."""
    async with loader.open(Request(resource, transport, validators or Validators())) as source:
        return Loaded(source, tuple([chunk async for chunk in source.chunks]))


async def list_images(loader: Loader, root: str, transport: Transport) -> list[ListedImage]:
    """The images below a root, as the daemon asks for them."""

    async def read(resource: Resource) -> bytes:
        return (await load(loader, resource, transport)).data

    assert isinstance(loader, Lister), "the loader has no list_images"
    return await loader.list_images(root, read)


def run(act: Callable[[Transport], Awaitable[_Result]]) -> _Result:
    """Run `act` in a loop of its own, with a transport, and see that nothing stays behind."""

    async def act_and_look() -> _Result:
        async with HttpTransport() as transport:
            result = await act(transport)
        left_behind = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left_behind, "the loader left tasks running"
        return result

    return asyncio.run(act_and_look())


_watching: ContextVar[list[str] | None] = ContextVar("_watching", default=None)
_IO_EVENTS = ("open", "os.listdir", "os.scandir", "socket.", "sqlite3.", "subprocess.")


@contextmanager
def io_events() -> Iterator[list[str]]:
    """The names of the I/O that Python does meanwhile (PEP 578), in this thread."""
    seen: list[str] = []
    token = _watching.set(seen)
    try:
        yield seen
    finally:
        _watching.reset(token)


def _watch(event: str, _: tuple[object, ...]) -> None:
    seen = _watching.get()
    if seen is not None and event.startswith(_IO_EVENTS):
        seen.append(event)


# An audit hook can never be removed again: one for all tests, idle outside of `io_events`.
sys.addaudithook(_watch)


class LoaderTests:
    """What every loader has to do. Override the fixtures."""

    uses_transport: ClassVar[bool] = True
    """False for a loader that reads without HTTP."""

    @pytest.fixture
    def loader(self) -> Loader:
        raise NotImplementedError("give the fixture `loader`: the loader, built")

    @pytest.fixture
    def image_id(self) -> str:
        raise NotImplementedError("give the fixture `image_id`: of an image that exists")

    @pytest.fixture
    def same_image_ids(self) -> list[str]:
        """Other ways to write `image_id`."""
        return []

    @pytest.fixture
    def invalid_image_ids(self) -> list[str]:
        raise NotImplementedError("give the fixture `invalid_image_ids`: that no one can read")

    @pytest.fixture
    def missing_image_id(self) -> str | None:
        """None when everything that is well-formed exists."""
        raise NotImplementedError("give the fixture `missing_image_id`: well-formed, not there")

    def test_the_loader_says_what_it_is(self, loader: Loader) -> None:
        assert loader.name
        assert loader.summary
        assert "\n" not in loader.summary

    def test_an_image_id_always_means_the_same(self, loader: Loader, image_id: str) -> None:
        assert loader.resolve(image_id) == loader.resolve(image_id)

    def test_resolve_does_no_io(self, loader: Loader, image_id: str) -> None:
        with io_events() as events:
            loader.resolve(image_id)

        assert events == []

    def test_the_case_of_the_scheme_does_not_matter(self, loader: Loader, image_id: str) -> None:
        scheme, colon, rest = image_id.partition(":")

        assert loader.resolve(scheme.upper() + colon + rest) == loader.resolve(image_id)

    def test_other_ways_to_write_it_share_the_resource(
        self, loader: Loader, image_id: str, same_image_ids: list[str]
    ) -> None:
        key = loader.resolve(image_id).resource.key

        assert {loader.resolve(other).resource.key for other in same_image_ids} <= {key}

    def test_an_image_is_a_frozen_value(self, loader: Loader, image_id: str) -> None:
        image = loader.resolve(image_id)

        assert hash(image) == hash(loader.resolve(image_id))
        with pytest.raises((FrozenInstanceError, AttributeError)):
            image.frame = 7  # type: ignore[misc]  # that it fails is the point

    def test_an_image_can_be_pickled(self, loader: Loader, image_id: str) -> None:
        image = loader.resolve(image_id)

        assert pickle.loads(pickle.dumps(image)) == image  # noqa: S301 - our own bytes

    def test_an_unreadable_image_id_is_refused_with_a_reason(
        self, loader: Loader, invalid_image_ids: list[str]
    ) -> None:
        assert invalid_image_ids
        for invalid in invalid_image_ids:
            with pytest.raises((InvalidImageId, NotAllowed)) as refusal:
                loader.resolve(invalid)
            assert len(refusal.value.message) > 20

    def test_the_bytes_have_the_declared_size(self, loader: Loader, image_id: str) -> None:
        loaded = self._load(loader, image_id)

        assert loaded.data
        assert all(type(chunk) is bytes for chunk in loaded.chunks)
        assert loaded.source.size_bytes in (None, len(loaded.data))

    def test_the_bytes_are_the_same_every_time(self, loader: Loader, image_id: str) -> None:
        assert self._load(loader, image_id).data == self._load(loader, image_id).data

    def test_the_media_type_has_no_parameters(self, loader: Loader, image_id: str) -> None:
        media_type = self._load(loader, image_id).source.media_type

        assert media_type == media_type.lower().strip()
        assert media_type.count("/") == 1
        assert ";" not in media_type

    def test_header_names_are_in_lower_case(self, loader: Loader, image_id: str) -> None:
        headers = self._load(loader, image_id).source.headers

        assert all(name == name.lower() for name in headers)

    def test_a_current_copy_is_not_delivered_again(self, loader: Loader, image_id: str) -> None:
        headers = self._load(loader, image_id).source.headers
        validators = Validators(headers.get("etag"), headers.get("last-modified"))
        assert validators != Validators(), "give an image whose origin has validators"

        with pytest.raises(NotModified):
            self._load(loader, image_id, validators)

    def test_another_copy_is_replaced(self, loader: Loader, image_id: str) -> None:
        assert self._load(loader, image_id, Validators(etag='"another"')).data

    def test_a_caller_may_leave_before_the_end(self, loader: Loader, image_id: str) -> None:
        resource = loader.resolve(image_id).resource

        async def leave_early(transport: Transport) -> bytes:
            async with loader.open(Request(resource, transport)) as source:
                return await anext(source.chunks)

        assert run(leave_early)

    def test_a_caller_may_be_cancelled(self, loader: Loader, image_id: str) -> None:
        resource = loader.resolve(image_id).resource

        async def cancel_midway(transport: Transport) -> None:
            reading = asyncio.Event()

            async def read() -> None:
                async with loader.open(Request(resource, transport)) as source:
                    await anext(source.chunks)
                    reading.set()
                    await asyncio.Event().wait()

            task = asyncio.create_task(read())
            await reading.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        run(cancel_midway)

    def test_a_missing_image_is_not_found(
        self, loader: Loader, missing_image_id: str | None
    ) -> None:
        if missing_image_id is None:
            return
        with pytest.raises(NotFound) as failure:
            self._load(loader, missing_image_id)
        assert missing_image_id not in failure.value.message

    def test_an_origin_out_of_reach_is_unavailable(self, loader: Loader, image_id: str) -> None:
        image = loader.resolve(image_id)
        if not self.uses_transport:
            assert asyncio.run(load(loader, image.resource, DeadTransport())).data
            return
        with pytest.raises(Unavailable):
            asyncio.run(load(loader, image.resource, DeadTransport()))

    def test_a_body_that_breaks_off_never_ends_cleanly(self, loader: Loader, image_id: str) -> None:
        image = loader.resolve(image_id)

        async def read(transport: Transport) -> Loaded:
            return await load(loader, image.resource, BrokenTransport(transport))

        if not self.uses_transport:
            assert run(read).data
            return
        with pytest.raises(ImageError):
            run(read)

    def test_metadata_and_container_can_be_opened(self, loader: Loader, image_id: str) -> None:
        for resource in _described_by(loader.resolve(image_id)):
            assert self._load_resource(loader, resource).data

    def _load(self, loader: Loader, image_id: str, validators: Validators | None = None) -> Loaded:
        return self._load_resource(loader, loader.resolve(image_id).resource, validators)

    def _load_resource(
        self, loader: Loader, resource: Resource, validators: Validators | None = None
    ) -> Loaded:
        async def act(transport: Transport) -> Loaded:
            return await load(loader, resource, transport, validators)

        return run(act)


def _described_by(image: Image) -> tuple[Resource, ...]:
    return (*image.metadata, *([image.container] if image.container else []))


class ListerTests:
    """What every loader has to do that can list. Override the fixtures."""

    @pytest.fixture
    def loader(self) -> Loader:
        raise NotImplementedError("give the fixture `loader`: the loader, built")

    @pytest.fixture
    def root(self) -> str:
        raise NotImplementedError("give the fixture `root`: below which images stand")

    @pytest.fixture
    def listed_image_ids(self) -> list[str]:
        raise NotImplementedError("give the fixture `listed_image_ids`: all those below `root`")

    def test_every_image_below_the_root_is_listed(
        self, loader: Loader, root: str, listed_image_ids: list[str]
    ) -> None:
        async def list_all(transport: Transport) -> list[ListedImage]:
            return await list_images(loader, root, transport)

        assert sorted(image.image_id for image in run(list_all)) == sorted(listed_image_ids)

    def test_every_listed_image_can_be_loaded(self, loader: Loader, root: str) -> None:
        async def load_all(transport: Transport) -> list[Loaded]:
            listed = await list_images(loader, root, transport)
            images = [loader.resolve(each.image_id) for each in listed]
            return [await load(loader, image.resource, transport) for image in images]

        assert all(loaded.data for loaded in run(load_all))
