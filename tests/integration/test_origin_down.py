"""An origin that is down is left alone, and what is stored of it is served meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

import imageid
from daemon_process import DaemonProcess
from origins.pictures import noise_jpeg
from origins.scripted import Answer, ScriptedOrigin

PICTURE = Answer(noise_jpeg(11), "image/jpeg").with_headers(Cache_Control="max-age=0")


async def until_left_alone(client: imageid.aio.Client, url: str) -> imageid.Error:
    """Ask again and again, as a viewer would, until the daemon does not pass it on."""
    async with asyncio.timeout(60):
        while True:
            with pytest.raises(imageid.Error) as raised:
                await client.load(url, "encoded")
            if "left alone" in raised.value.detail:
                return raised.value


async def test_callers_are_told_when_to_come_again_and_stored_images_are_served_as_stale(
    tmp_path: Path,
) -> None:
    async with AsyncExitStack() as stack:
        up = await stack.enter_async_context(AsyncExitStack())
        origin = await up.enter_async_context(ScriptedOrigin())
        config = f'[origins.pacs]\nurl = "{origin.url}"\nretries = 0\n'
        daemon = await stack.enter_async_context(DaemonProcess(tmp_path, config))
        client = await stack.enter_async_context(imageid.aio.connect(daemon.address))
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        stored = origin.route("/stored.jpg", PICTURE)
        await client.load(stored, "encoded")
        await up.aclose()

        refused = await until_left_alone(client, f"{origin.url}/other.jpg")
        bridged = await client.load(stored, "encoded")
        metrics = (await http.get(f"http://{daemon.http_address}/metrics")).text

    assert refused.reason == "ORIGIN_UNAVAILABLE"
    assert refused.retry_after_seconds is not None
    assert 0 < refused.retry_after_seconds <= 5
    assert (bridged.data, bridged.cache_status) == (PICTURE.body, "stale")
    assert 'imageid_origin_breaker_opened_total{origin="pacs"} 1.0' in metrics
    assert 'imageid_origin_breaker_state{origin="_other"}' not in metrics
