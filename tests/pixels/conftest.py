"""Counts, for the end of a run: files, syntaxes, exact ones and refused ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import pytest

from imageid_daemon.pixels import transfer_syntax
from pixels.material import dataset

Verdict = Literal["exact", "refused with reason"]
Count = Callable[[str | Path, str, Verdict], None]

_PROPERTY = "pixels of a file"
_NAMES = {row.uid: row.name for row in transfer_syntax.SYNTAXES}


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Count:
    """Note what a file's pixels turned out to be: (path, name, verdict)."""

    def note(path: str | Path, name: str, verdict: Verdict) -> None:
        syntax = str(getattr(dataset(str(path)).file_meta, "TransferSyntaxUID", ""))
        record_property(_PROPERTY, (name, syntax, verdict))

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    passed: Iterable[pytest.TestReport] = terminalreporter.stats.get("passed", ())
    found = {
        value
        for report in passed
        for key, value in report.user_properties
        if key == _PROPERTY and isinstance(value, tuple | list)
        for value in [tuple(value)]
    }
    if not found:
        return
    verdicts = Counter(verdict for _, _, verdict in found)
    syntaxes = {syntax for _, syntax, _ in found}
    terminalreporter.section("right pixels")
    for syntax in sorted(syntaxes):
        each = Counter(verdict for _, other, verdict in found if other == syntax)
        counts = ", ".join(f"{number} {verdict}" for verdict, number in sorted(each.items()))
        terminalreporter.write_line(f"{_NAMES.get(syntax, syntax or 'none named')}: {counts}")
    terminalreporter.write_line(
        f"{len(found)} files of {len(syntaxes)} syntaxes: "
        + ", ".join(f"{number} {verdict}" for verdict, number in sorted(verdicts.items()))
    )
