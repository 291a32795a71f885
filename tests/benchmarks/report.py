"""One line a measure, and the same as a document."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.reach import REACH, Bar

RESULTS = Path(__file__).with_name("results.md")


class Report:
    """Prints each measure as it comes."""

    def __init__(self) -> None:
        self._measured: set[str] = set()
        self._lines = [
            "# Results",
            "",
            f"The last `make bench`: Python {platform.python_version()}, {os.cpu_count()} "
            f"processors, Linux {platform.release()}. A measure without a bar is for comparison.",
        ]

    def begin(self, name: str, text: str) -> None:
        """Open the section of a benchmark.

        Args:
            text: its docstring, which says what is measured and how.
        """
        rows = ["| | measure | value | bar |", "| --- | --- | --- | --- |"]
        self._lines += ["", f"## {name}", "", text.strip(), "", *rows]

    def add(
        self, measure: str, value: float, unit: str, *, at_most: float = 0, at_least: float = 0
    ) -> None:
        """Say one measure, and whether it keeps to its bar, if it has one."""
        self._say(Bar(measure, unit, at_most, at_least), value)

    def seconds(self, what: str, medians: Mapping[str, float]) -> None:
        """Say how long each of several ways took, for comparison."""
        for way, seconds in medians.items():
            self.add(f"{what}: {way}", seconds * 1000, " ms")

    def reach(self, name: str, value: float) -> None:
        """Say a measure that has a bar in `REACH`."""
        self._measured.add(name)
        self._say(REACH[name], value)

    def not_measured(self, names: Iterable[str], why: str) -> None:
        """Say which of these bars have not been measured, which counts as SHORT."""
        for name in names:
            if name not in self._measured:
                self._measured.add(name)
                bar = REACH[name]
                self._row("SHORT", bar.measure, f"not measured: {why}", str(bar))

    def write(self) -> None:
        RESULTS.write_text("\n".join(self._lines) + "\n", encoding="utf-8")

    def _say(self, bar: Bar, value: float) -> None:
        self._row(bar.verdict(value), bar.measure, f"{value:.3g}{bar.unit}", str(bar))

    def _row(self, verdict: str, measure: str, value: str, bar: str) -> None:
        print(f"{verdict:5} {measure:72} {value:>10}  {bar}", flush=True)
        self._lines.append(f"| {verdict} | {measure} | {value} | {bar} |")
