"""What every loader has to do."""

# ruff: noqa: S101 - tests assert

from __future__ import annotations

import asyncio
import pickle
from dataclasses import FrozenInstanceError
from typing import ClassVar

import pytest

from imageid_loaders.base import (
    Image,
    Loader,
    NotModified,
    Request,
    Resource,
    Transport,
    Validators,
)
from imageid_loaders.errors import ImageError, InvalidImageId, NotAllowed, NotFound, Unavailable
from imageid_loaders.testing.audit import io_events
from imageid_loaders.testing.loading import Loaded, load, run
from imageid_loaders.testing.transports import BrokenTransport, DeadTransport


class LoaderTests:
    """Subclass this and override the fixtures."""

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
