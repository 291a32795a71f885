"""A real Prometheus scrapes the daemon while it works."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

import imageid
from daemon_process import DaemonProcess
from origins.pictures import noise_jpeg
from origins.prometheus import prometheus
from origins.scripted import Answer, ScriptedOrigin

EXPRESSIONS = [
    'up{job="imageid"} == 1',
    "imageid_build_info == 1",
    'count({__name__=~"imageid_.+"}) > 10',
    'sum by (scheme) (rate(imageid_requests_total{scheme="http", result="miss"}[10s])) > 0',
    'sum(rate(imageid_requests_total{result="error"}[10s])) > 0',
    'sum(imageid_origin_requests_total{code="2xx"}) > 0',
    'sum(imageid_origin_requests_total{code="4xx"}) > 0',
    "imageid_cache_bytes > 0",
    "imageid_cache_entries > 0",
    "imageid_cache_limit_bytes > imageid_cache_bytes",
    "imageid_fills_running >= 0",
    "sum(rate(imageid_sent_bytes_total[10s])) > 0",
    "histogram_quantile(0.9, sum by (le) (rate(imageid_load_seconds_bucket[10s]))) > 0",
    "histogram_quantile(0.9, sum by (le) (rate(imageid_first_byte_seconds_bucket[10s]))) > 0",
    'sum(grpc_server_handled_total{grpc_method="LoadImage", grpc_code="OK"}) > 0',
    "process_resident_memory_bytes > 0",
]


async def under_load(client: imageid.aio.Client, origin: ScriptedOrigin) -> None:
    """Cold and warm loads and some that fail, until cancelled."""
    number = 0
    while True:
        number += 1
        origin.route(f"/{number}.jpg", Answer(noise_jpeg(number, 16), "image/jpeg"))
        for path in (f"/{number}.jpg", f"/{number}.jpg", "/missing.jpg"):
            await asyncio.gather(client.load(origin.url + path), return_exceptions=True)


async def test_a_real_prometheus_finds_the_daemons_series_by_promql(
    daemon: DaemonProcess, origin: ScriptedOrigin, tmp_path: Path
) -> None:
    # A body that is handed over by its path is not sent.
    async with imageid.aio.connect(daemon.address, local_files=False) as client:
        load = asyncio.create_task(under_load(client, origin))
        try:
            async with prometheus(tmp_path, daemon.http_address) as server:
                found = {expression: await server.found(expression) for expression in EXPRESSIONS}
        finally:
            load.cancel()
            await asyncio.gather(load, return_exceptions=True)

    assert [expression for expression, series in found.items() if not series] == []


async def test_no_label_holds_a_url_or_an_image_id(
    daemon: DaemonProcess, client: imageid.aio.Client, origin: ScriptedOrigin
) -> None:
    origin.route("/very-private-name.jpg", Answer(noise_jpeg(1), "image/jpeg"))
    await client.load(origin.url + "/very-private-name.jpg")
    with pytest.raises(imageid.Error):
        await client.load("very-private-scheme:x")

    async with httpx.AsyncClient(trust_env=False) as http:
        metrics = (await http.get(f"http://{daemon.http_address}/metrics")).text

    assert "imageid_" in metrics
    assert "very-private" not in metrics
    assert origin.url not in metrics
    assert "very-private" not in daemon.log.read_text()
