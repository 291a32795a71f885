"""One line a measure, and the same as a document."""

from __future__ import annotations

import os
import platform
from pathlib import Path

RESULTS = Path(__file__).with_name("results.md")


class Report:
    """Prints each measure as it comes."""

    def __init__(self) -> None:
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
        short = (at_most and value > at_most) or value < at_least
        bar = f"≤ {at_most:g}{unit}" if at_most else f"≥ {at_least:g}{unit}" if at_least else ""
        verdict = ("SHORT" if short else "PASS") if bar else "-"
        shown = f"{value:.3g}{unit}"
        print(f"{verdict:5} {measure:72} {shown:>10}  {bar}", flush=True)
        self._lines.append(f"| {verdict} | {measure} | {shown} | {bar} |")

    def write(self) -> None:
        RESULTS.write_text("\n".join(self._lines) + "\n", encoding="utf-8")
