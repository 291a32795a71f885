"""Images from a real nginx: what its access log saw, and what the callers were told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

import imageid
from origins.nginx import Nginx, nginx
from origins.pictures import decoded, noise_jpeg, noise_png

PICTURES = {"a.jpg": noise_jpeg(21), "a.png": noise_png(22)}


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[Nginx]:
    root = tmp_path / "www"
    root.mkdir()
    for name, data in PICTURES.items():
        (root / name).write_bytes(data)
    async with nginx(tmp_path, root) as running:
        yield running


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("scheme", ["", "web:"])
async def test_the_pixels_are_those_that_pillow_reads(
    client: imageid.aio.Client, server: Nginx, name: str, scheme: str
) -> None:
    image = await client.load(f"{scheme}{server.url}/{name}")

    np.testing.assert_array_equal(image.pixels, decoded(PICTURES[name]))


@pytest.mark.parametrize("name", PICTURES)
async def test_the_encoded_image_is_the_file(
    client: imageid.aio.Client, server: Nginx, name: str
) -> None:
    image = await client.load(f"{server.url}/{name}", "encoded")

    assert bytes(image.data) == PICTURES[name]
    assert image.content_type == {"a.jpg": "image/jpeg", "a.png": "image/png"}[name]


@pytest.mark.parametrize("name", PICTURES)
async def test_a_copy_to_be_revalidated_costs_a_304(
    client: imageid.aio.Client, server: Nginx, name: str
) -> None:
    path = f"/revalidate/{name}"

    images = [await client.load(server.url + path, "encoded") for _ in range(3)]

    assert await server.seen_at_least(3) == [(path, 200), (path, 304), (path, 304)]
    assert [image.cache_status for image in images] == ["miss", "revalidated", "revalidated"]
    assert {bytes(image.data) for image in images} == {PICTURES[name]}


async def test_the_pixels_of_a_confirmed_copy_are_not_decoded_anew(
    client: imageid.aio.Client, server: Nginx
) -> None:
    first = await client.load(f"{server.url}/revalidate/a.png")
    second = await client.load(f"{server.url}/revalidate/a.png")

    assert await server.seen_at_least(2) == [("/revalidate/a.png", 200), ("/revalidate/a.png", 304)]
    assert second.sha256 == first.sha256
    assert second.timing.decode_seconds is None


async def test_a_file_that_changed_is_fetched_anew(
    client: imageid.aio.Client, server: Nginx
) -> None:
    path = "/revalidate/a.jpg"
    await client.load(server.url + path)
    changed = noise_jpeg(23, 80)

    (server.root / "a.jpg").write_bytes(changed)
    image = await client.load(server.url + path)

    np.testing.assert_array_equal(image.pixels, decoded(changed))
    assert await server.seen_at_least(2) == [(path, 200), (path, 200)]


@pytest.mark.parametrize("name", PICTURES)
async def test_a_fresh_copy_costs_no_request(
    client: imageid.aio.Client, server: Nginx, name: str
) -> None:
    path = f"/fresh/{name}"

    images = [await client.load(server.url + path, "encoded") for _ in range(3)]

    assert [image.cache_status for image in images] == ["miss", "hit", "hit"]
    assert server.seen() == [(path, 200)]


async def test_a_missing_file_is_an_image_not_found(
    client: imageid.aio.Client, server: Nginx
) -> None:
    with pytest.raises(imageid.Error) as raised:
        await client.load(f"{server.url}/missing.jpg")

    assert (raised.value.code.name, raised.value.reason) == ("NOT_FOUND", "IMAGE_NOT_FOUND")
    assert await server.seen_at_least(1) == [("/missing.jpg", 404)]
