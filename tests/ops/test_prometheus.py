"""The scrape configuration and the alerts, judged by Prometheus' own tool and by /metrics."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from daemon_process import DaemonProcess
from imageid_daemon.config import SETTINGS

OPS = Path(__file__).parents[2] / "ops"
PROMETHEUS = OPS / "prometheus"
ALERTS = (PROMETHEUS / "alerts.yml").read_text()
README = (OPS / "README.md").read_text()
METRIC = re.compile(r"\b(?:imageid|process|grpc_server)_[a-z_]+\b")
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}


def promtool(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def alerts() -> list[str]:
    return re.findall(r"- alert: (\w+)", ALERTS)


def expressions() -> str:
    """Every `expr` of the alerts, with the indented lines below it."""
    return "\n".join(re.findall(r"^ {8}expr: (.+(?:\n {10,}.+)*)", ALERTS, re.MULTILINE))


async def exposed_metrics(daemon: DaemonProcess) -> set[str]:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://{daemon.http_address}/metrics")
    return {
        family.name + suffix
        for family in text_string_to_metric_families(answer.text)
        for suffix in SUFFIXES.get(family.type, ("",))
    }


@pytest.mark.parametrize(
    "arguments", [("check", "config", "prometheus.yml"), ("check", "rules", "alerts.yml")]
)
def test_promtool_accepts_the_files(arguments: tuple[str, ...]) -> None:
    checked = promtool(PROMETHEUS, *arguments)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_alert_fires_and_keeps_quiet_as_its_cases_say() -> None:
    tested = promtool(PROMETHEUS / "tests", "test", "rules", "alerts_test.yml")

    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.parametrize("alert", alerts())
def test_every_alert_has_a_case_in_which_it_fires(alert: str) -> None:
    cases = (PROMETHEUS / "tests/alerts_test.yml").read_text()

    assert re.search(rf"alertname: {alert}\n +exp_alerts:", cases)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("[15m]) > 3", "[15m]) > 30"),
        ('code=~"5xx|error"', 'code=~"4xx"'),
        ('job="imageid"} == 0', 'job="imaged"} == 0'),
    ],
)
def test_a_rule_that_is_broken_fails_its_cases(right: str, wrong: str, tmp_path: Path) -> None:
    shutil.copytree(PROMETHEUS, tmp_path, dirs_exist_ok=True)
    assert right in ALERTS
    (tmp_path / "alerts.yml").write_text(ALERTS.replace(right, wrong))

    assert promtool(tmp_path / "tests", "test", "rules", "alerts_test.yml").returncode != 0


@pytest.mark.parametrize("alert", alerts())
def test_every_alert_has_a_runbook_under_its_own_name(alert: str) -> None:
    assert f"runbook: ops/README.md#{alert.lower()}\n" in ALERTS
    assert f"\n### {alert}\n" in README


def test_the_scrape_configuration_asks_where_the_daemon_listens_by_default() -> None:
    http = next(setting.default for setting in SETTINGS if setting.name == "server.http")

    assert f'targets: ["{http}"]' in (PROMETHEUS / "prometheus.yml").read_text()


async def test_alerts_and_manual_name_only_metrics_that_the_daemon_exposes(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with DaemonProcess(tmp_path_factory.mktemp("d")) as daemon:
        exposed = await exposed_metrics(daemon)

    named = set(METRIC.findall(expressions())) | set(re.findall(rf"`({METRIC.pattern})", README))
    assert len(named) > len(alerts())
    assert named <= exposed
