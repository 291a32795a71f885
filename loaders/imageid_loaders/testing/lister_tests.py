"""What every loader has to do that can list."""

# ruff: noqa: S101 - tests assert

from __future__ import annotations

import pytest

from imageid_loaders.base import ListedImage, Loader, Transport
from imageid_loaders.testing.loading import Loaded, list_images, load, run


class ListerTests:
    """Subclass this and override the fixtures."""

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
