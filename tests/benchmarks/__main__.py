"""Run every benchmark, one line a measure, and write them all to results.md.

    python -m benchmarks [MODULE…]

Named modules run alone, and then nothing is written.
"""

from __future__ import annotations

import sys
import traceback
from importlib import import_module

from benchmarks import MODULES
from benchmarks.report import Report


def main(names: list[str]) -> int:
    report = Report()
    failed = [name for name in names or MODULES if not _run(report, name)]
    if not names:
        report.write()
    return 1 if failed else 0


def _run(report: Report, name: str) -> bool:
    """Whether it came to its end; what it has then not measured counts as SHORT."""
    try:
        module = import_module(f"benchmarks.{name}")
        report.begin(name, module.__doc__ or "")
        module.measure(report)
    except Exception:
        traceback.print_exc()
        report.not_measured(MODULES[name], "it failed")
        return False
    report.not_measured(MODULES[name], "left out")
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
