"""Runs the suite: its origin, the daemon, the shim and the suite's own client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from http_cache_tests.daemon import serving
from http_cache_tests.shim import listening

# Of 165 required tests. The best proxy in the suite's published results, Squid, passes 141.
GATE = 150

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Results:
    """Of one kind of tests.

    Args:
        passed: ids.
        failed: ids, with what the suite says.
    """

    passed: frozenset[str]
    failed: dict[str, str]

    @property
    def summary(self) -> str:
        return f"{len(self.passed)} of {len(self.passed) + len(self.failed)} passed"


async def run(directory: Path) -> dict[str, Results]:
    """Run every test that is not for browsers; takes a minute.

    Args:
        directory: empty; becomes the cache.

    Returns:
        results by kind: required, optimal and check, as the suite calls them
    """
    async with (
        _node("origin.mjs") as server,
        serving(directory, f"http://127.0.0.1:{await _line(server)}") as daemon,
        listening(daemon) as base,
        _node("run.mjs", base) as client,
    ):
        found = json.loads(await _line(client))
    return {kind: _results(found, kind) for kind in sorted(set(found["kinds"].values()))}


def _results(found: dict[str, dict[str, object]], kind: str) -> Results:
    ids = [each for each, its in found["kinds"].items() if its == kind]
    results = found["results"]
    failed = {each: json.dumps(results.get(each)) for each in ids if results.get(each) is not True}
    return Results(frozenset(ids) - set(failed), failed)


@asynccontextmanager
async def _node(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        "node", *arguments, cwd=_FOLDER, stdout=asyncio.subprocess.PIPE, limit=2**22
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError("node ended without a word; its own message stands above")
    return line.decode().strip()
