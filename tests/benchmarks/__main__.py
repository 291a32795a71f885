"""Run every benchmark, one line a measure, and write them all to results.md."""

from __future__ import annotations

from importlib import import_module

from benchmarks import MODULES
from benchmarks.report import Report

report = Report()
for name in MODULES:
    module = import_module(f"benchmarks.{name}")
    report.begin(name, module.__doc__ or "")
    module.measure(report)
report.write()
