"""Damaged files of every kind end in samples of the right length or in a named error."""

from __future__ import annotations

import os
import random

import pytest
import pytest_asyncio

from fuzz.child import Child
from fuzz.decoding import attempt
from fuzz.driving import drive
from fuzz.mutants import DAMAGES, mutant
from fuzz.seeds import seeds

SEEDS = seeds()
SHARES = 20
MUTANTS = 10_000
# CharLS works for five seconds at the 16 x 16 samples of this one.
SLOW = 439


@pytest_asyncio.fixture
async def child(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["tests", os.environ.get("PYTHONPATH", "")]))
    async with Child() as child:
        yield child


@pytest.mark.parametrize("share", range(SHARES))
async def test_mutants_harm_nothing_but_the_process_that_decodes_them(child, share):
    numbers = range(share, MUTANTS, SHARES)

    report = await drive(child, SEEDS, numbers, at_once=1)

    # A codec that crashes or never ends takes its process with it, and nothing else.
    harm = [outcome for outcome in report.broken.values() if not outcome.startswith("died of SIG")]
    assert harm == []
    assert report.outcomes.total() == MUTANTS // SHARES
    assert report.outcomes["decoded"] > MUTANTS / SHARES / 20
    assert len(report.broken) < MUTANTS / SHARES / 50


@pytest.mark.parametrize("name", SEEDS)
def test_a_seed_is_sound(name, tmp_path):
    path = tmp_path / "seed"
    path.write_bytes(SEEDS[name])

    assert attempt(path, name) == "decoded"


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


async def test_a_process_that_dies_is_told_and_replaced(child):
    slow = mutant(SEEDS, SLOW)

    assert await child(*slow) == "died of SIGVTALRM"
    assert await child("native", SEEDS["native"]) == "decoded"


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
