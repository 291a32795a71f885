"""make fuzz: as many mutants as one has time for."""

from __future__ import annotations

import argparse
import asyncio
import time
from contextlib import AsyncExitStack

from fuzz.child import Child
from fuzz.driving import Report, drive
from fuzz.seeds import seeds


async def run(first: int, count: int, processes: int) -> Report:
    """Divide the mutants among so many processes."""
    async with AsyncExitStack() as stack:
        children = [await stack.enter_async_context(Child()) for _ in range(processes)]
        shares = (range(first + index, first + count, processes) for index in range(processes))
        sound = seeds()
        parts = await asyncio.gather(
            *(drive(child, sound, share, 1) for child, share in zip(children, shares, strict=True))
        )
    whole = Report()
    for part in parts:
        whole.outcomes += part.outcomes
        whole.broken |= part.broken
    return whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=int(time.time()) * 1000)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    print(f"mutants {options.first} to {options.first + options.count - 1}")
    report = asyncio.run(run(options.first, options.count, options.processes))
    print(report)
    raise SystemExit(bool(report.broken))


if __name__ == "__main__":
    main()
