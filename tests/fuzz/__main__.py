"""make fuzz: as many mutants as one has time for."""

from __future__ import annotations

import argparse
import asyncio
import os
import time

from fuzz.driving import Report, drive
from fuzz.pool_target import PoolTarget, running_pool
from fuzz.seeds import seeds


async def run(numbers: range, workers: int) -> Report:
    """Give the mutants to a pool of so many workers."""
    async with running_pool(workers) as (pool, noted):
        report = await drive(PoolTarget(pool), seeds(), numbers, at_once=2 * workers)
    print(*(f"{count:7} died: {cause}" for cause, count in noted.deaths.items()), sep="\n")
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=int(time.time()) * 1000)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    numbers = range(options.first, options.first + options.count)
    print(f"mutants {numbers.start} to {numbers.stop - 1}")
    report = asyncio.run(run(numbers, options.workers))
    print(report)
    raise SystemExit(bool(report.broken))


if __name__ == "__main__":
    main()
