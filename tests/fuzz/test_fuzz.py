"""Damaged files of every kind, given to the daemon's own pool, harm nobody but their senders."""

from __future__ import annotations

import random
import resource

import psutil
import pytest

from descriptors import open_files
from fuzz.driving import drive
from fuzz.mutants import DAMAGES, SLOW, mutant
from fuzz.pool_target import LIMITS, PoolTarget, running_pool
from fuzz.seeds import seeds

SEEDS = seeds()
SHARES = 10
MUTANTS = 10_000
WORKERS = 2
# What the whole of a share may add to this process, which stands for the daemon.
GROWTH_BYTES = 64 << 20


@pytest.mark.parametrize("share", range(SHARES))
async def test_mutants_harm_nothing_but_the_worker_that_reads_them(share):
    files_before, resident_before, others = open_files(), peak_bytes(), workers()

    async with running_pool(WORKERS) as (pool, noted):
        report = await drive(PoolTarget(pool), SEEDS, range(share, MUTANTS, SHARES), at_once=4)
        alive = workers() - others

    assert report.broken == {}
    assert report.outcomes.total() == MUTANTS // SHARES
    assert report.outcomes["decoded"] > MUTANTS / SHARES / 20
    # A codec that never ends costs its worker, and that no other caller anything.
    assert noted.deaths.total() <= report.outcomes.total() / 50
    assert noted.deaths.total() == sum(noted.deaths[cause] for cause in ("crash", "processor time"))
    assert len(alive) <= WORKERS
    assert workers() <= others
    assert open_files() == files_before
    assert peak_bytes() - resident_before < GROWTH_BYTES


def workers() -> set[psutil.Process]:
    """Every process below a fork server; another test's daemon may have some too."""
    return {w for child in psutil.Process().children() for w in child.children(recursive=True)}


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


async def test_every_seed_is_sound():
    async with running_pool(WORKERS) as (pool, _):
        target = PoolTarget(pool)
        outcomes = {name: await target(name, data) for name, data in SEEDS.items()}

    assert outcomes == dict.fromkeys(SEEDS, "decoded")


async def test_a_mutant_that_occupies_a_decoder_is_told_so_and_the_next_is_decoded():
    assert LIMITS.cpu_seconds < 4

    async with running_pool(1) as (pool, noted):
        target = PoolTarget(pool)

        assert await target(*mutant(SEEDS, SLOW)) == "refused: DECODE_LIMIT"
        assert await target("native", SEEDS["native"]) == "decoded"

    assert noted.deaths == {"processor time": 1}


def test_a_mutant_can_be_made_again_from_its_number():
    once = [mutant(SEEDS, number) for number in range(200)]
    again = [mutant(SEEDS, number) for number in range(200)]

    assert once == again
    assert {name for name, _ in once} == set(SEEDS)
    assert sum(data != SEEDS[name] for name, data in once) > 190


def test_every_damage_survives_an_empty_file():
    for damage in DAMAGES:
        data = bytearray()
        damage(data, random.Random(1), b"other")


async def test_what_a_target_does_wrong_is_told_with_its_number():
    async def target(name: str, data: bytes) -> str:
        return "wrong length" if data == wrong else "decoded"

    wrong = mutant(SEEDS, 7)[1]

    report = await drive(target, SEEDS, range(20), at_once=3)

    assert report.outcomes == {"decoded": 19, "wrong length": 1}
    assert list(report.broken) == [7]
    assert "mutant 7: wrong length" in str(report)


def test_the_seeds_are_small():
    assert max(map(len, SEEDS.values())) < 12_000
