"""Give mutants to a target, several at a time, and count what comes of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from fuzz.mutants import mutant

# Takes the seed's name and a mutant of it; gives "decoded", or how it was refused, or how
# the target broke: whatever does not begin with one of SOUND.
Target = Callable[[str, bytes], Awaitable[str]]

SOUND = ("decoded", "refused")


@dataclass
class Report:
    """What came of all mutants.

    Args:
        broken: numbers of mutants that did harm, with what they did.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    broken: dict[int, str] = field(default_factory=dict)

    def __str__(self) -> str:
        counts = [f"{count:7} {outcome}" for outcome, count in self.outcomes.most_common()]
        harm = [f"mutant {number}: {outcome}" for number, outcome in self.broken.items()]
        return "\n".join(counts + harm)


async def drive(
    target: Target, seeds: Mapping[str, bytes], numbers: Iterable[int], at_once: int
) -> Report:
    """Give the mutants of these numbers to the target."""
    report, waiting = Report(), iter(numbers)

    async def work() -> None:
        for number in waiting:
            name, data = mutant(seeds, number)
            outcome = await target(name, data)
            report.outcomes[outcome] += 1
            if not outcome.startswith(SOUND):
                report.broken[number] = f"{outcome} ({name})"

    await asyncio.gather(*(work() for _ in range(at_once)))
    return report
