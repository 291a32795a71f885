"""A real Prometheus that scrapes one target every second (Debian: prometheus)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from origins.process import READY_TRIES, SECONDS_BETWEEN_TRIES, answers, free_port, running

EXECUTABLE = "/usr/bin/prometheus"
CONFIGURATION = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: imageid
    metrics_path: /metrics
    static_configs: [{{targets: ["{target}"]}}]
"""


@dataclass(frozen=True, slots=True)
class Prometheus:
    url: str

    async def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """The labels and the value of every series of an instant query, NaN left out."""
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"{self.url}/api/v1/query", params={"query": expression})
        assert answer.status_code == httpx.codes.OK, answer.text
        found = answer.json()["data"]["result"]
        series = ((one["metric"], float(one["value"][1])) for one in found)
        return [(labels, value) for labels, value in series if value == value]

    async def found(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Ask until the expression has an answer; scrapes begin seconds after the start."""
        for _ in range(READY_TRIES):
            if series := await self.query(expression):
                return series
            await asyncio.sleep(SECONDS_BETWEEN_TRIES)
        return []


@asynccontextmanager
async def prometheus(directory: Path, target: str) -> AsyncIterator[Prometheus]:
    """Scrape `http://TARGET/metrics`."""
    settings = directory / "prometheus.yml"
    settings.write_text(CONFIGURATION.format(target=target))
    server = Prometheus(f"http://127.0.0.1:{(port := free_port())}")

    async def ready() -> bool:
        return await answers(f"{server.url}/-/ready", 200)

    command = [
        EXECUTABLE,
        f"--config.file={settings}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    async with running(command, directory / "prometheus.log", ready):
        yield server
