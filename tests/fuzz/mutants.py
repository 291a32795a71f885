"""Damage to sound files: any mutant can be made again from its number. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

Damage = Callable[[bytearray, random.Random, bytes], None]

# CharLS works for four seconds at the 16 x 16 samples of this one; seeds that come or go change it.
SLOW = 8436

_LENGTHS = (0, 1, 2, 7, 0x7F, 0xFF, 0x7FFF, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFF0, 0xFFFFFFFF)
_MARKERS = bytes((0xC0, 0xC3, 0xC4, 0xD8, 0xD9, 0xDA, 0xDB, 0xF7, 0xF8, 0x4F, 0x51, 0x52, 0x90))


def mutant(seeds: Mapping[str, bytes], number: int) -> tuple[str, bytes]:
    """Damage one seed in one to four ways.

    Returns:
        the seed's name, and the mutant
    """
    chance = random.Random(number)
    name = sorted(seeds)[number % len(seeds)]
    data, other = bytearray(seeds[name]), seeds[chance.choice(sorted(seeds))]
    for _ in range(chance.randint(1, 4)):
        chance.choice(DAMAGES)(data, chance, other)
    return name, bytes(data)


def _position(data: bytearray, chance: random.Random) -> int:
    """Anywhere, but behind the preamble, in which nothing is read."""
    return chance.randrange(min(128, len(data) // 2), len(data)) if data else 0


def _flip_bits(data: bytearray, chance: random.Random, other: bytes) -> None:
    for _ in range(chance.randint(1, 8) if data else 0):
        data[_position(data, chance)] ^= 1 << chance.randrange(8)


def _replace_bytes(data: bytearray, chance: random.Random, other: bytes) -> None:
    start = _position(data, chance)
    data[start : start + 4] = chance.randbytes(4)


def _truncate(data: bytearray, chance: random.Random, other: bytes) -> None:
    del data[_position(data, chance) :]


def _cut_out(data: bytearray, chance: random.Random, other: bytes) -> None:
    start = _position(data, chance)
    del data[start : start + chance.randint(1, 64)]


def _repeat(data: bytearray, chance: random.Random, other: bytes) -> None:
    start = _position(data, chance)
    data[start:start] = data[start : start + chance.randint(1, 256)] * chance.randint(1, 20)


def _splice(data: bytearray, chance: random.Random, other: bytes) -> None:
    start, from_ = _position(data, chance), chance.randrange(len(other))
    data[start : start + chance.randint(0, 64)] = other[from_ : from_ + chance.randint(1, 512)]


def _change_length(data: bytearray, chance: random.Random, other: bytes) -> None:
    start, size = _position(data, chance), chance.choice((1, 2, 4))
    value = chance.choice(_LENGTHS) % (1 << 8 * size)
    data[start : start + size] = value.to_bytes(size, chance.choice(("little", "big")))


def _change_marker(data: bytearray, chance: random.Random, other: bytes) -> None:
    """One of a codestream, or what stands behind it: sizes, precisions, tables."""
    places = [index for index in range(len(data) - 1) if data[index] == 0xFF]
    if places:
        start = chance.choice(places) + 1
        data[start] = chance.choice(_MARKERS)
        if chance.random() < 0.5:
            at = start + chance.randint(1, 24)
            data[at : at + 1] = chance.randbytes(1)


DAMAGES: tuple[Damage, ...] = (
    _flip_bits,
    _replace_bytes,
    _truncate,
    _cut_out,
    _repeat,
    _splice,
    _change_length,
    _change_marker,
)
