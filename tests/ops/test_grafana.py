"""The dashboard asks for what the daemon exposes, in PromQL that Prometheus' own tool reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon_process import DaemonProcess
from ops.test_prometheus import METRIC, OPS, exposed_metrics, promtool

DASHBOARD: dict[str, Any] = json.loads((OPS / "grafana/imageid.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
VARIABLES = {"$__rate_interval": "5m", "$job": ".*", "$instance": ".*"}


def expressions() -> Iterator[str]:
    """As Prometheus gets them."""
    for panel in PANELS:
        for target in panel["targets"]:
            expression = target["expr"]
            for variable, value in VARIABLES.items():
                expression = expression.replace(variable, value)
            yield expression


def rules(*asked: str) -> str:
    """A file of rules, each of which is one expression; JSON is YAML."""
    named = [{"record": f"asked:{n}", "expr": each} for n, each in enumerate(asked)]
    return json.dumps({"groups": [{"name": "asked", "rules": named}]})


def test_promtool_reads_every_query(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(rules(*expressions()))

    checked = promtool(tmp_path, "check", "rules", "rules.yml")

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_query_that_cannot_be_read_would_be_told(tmp_path: Path) -> None:
    first, *_ = expressions()
    (tmp_path / "rules.yml").write_text(rules(first + ")"))

    assert promtool(tmp_path, "check", "rules", "rules.yml").returncode != 0


async def test_every_query_asks_for_metrics_that_the_daemon_exposes(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with DaemonProcess(tmp_path_factory.mktemp("d")) as daemon:
        exposed = await exposed_metrics(daemon)

    named = set(METRIC.findall("\n".join(expressions())))
    assert len(named) > 30
    assert named <= exposed


def test_every_query_is_of_the_chosen_workstations() -> None:
    asked = [target["expr"] for panel in PANELS for target in panel["targets"]]

    metrics = sum(len(METRIC.findall(expression)) for expression in asked)
    assert sum(each.count('{job=~"$job", instance=~"$instance"') for each in asked) >= metrics


def test_every_panel_says_what_it_shows_and_in_which_unit() -> None:
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)
    assert all(panel["description"].endswith(".") for panel in PANELS)
    assert all(panel["fieldConfig"]["defaults"]["unit"] for panel in PANELS)
    assert {panel["datasource"]["uid"] for panel in PANELS} == {"${datasource}"}


def test_no_variable_is_left_that_the_dashboard_does_not_have() -> None:
    assert not re.findall(r"\$\w+", "".join(expressions()))
