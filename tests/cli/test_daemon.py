"""`imageid status`, `loaders` and `version`."""

from __future__ import annotations

import json

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from clients.python.scripted_daemon import ScriptedDaemon, error_info, fails, says
from imageid.v1 import cache_service_pb2 as cache_v1
from imageid.v1 import image_service_pb2 as v1

LOADER = v1.LoaderInfo(
    name="file",
    schemes=["dicomfile", "file"],
    distribution="imageid-daemon",
    version="0.1.0",
    summary="Files below the configured folders.",
)


@pytest.fixture
def a_daemon_that_is_well(scripted: ScriptedDaemon) -> None:
    started = Timestamp(seconds=1_700_000_000)
    info = v1.GetServerInfoResponse(version="0.1.0", pid=7, loaders=[LOADER], start_time=started)
    stats = cache_v1.GetCacheStatsResponse(
        stored_bytes=3 << 30, limit_bytes=20 << 30, requests={"hit": 5, "miss": 2}
    )
    scripted.script("GetServerInfo", says(info))
    scripted.script("GetCacheStats", says(stats))


@pytest.mark.usefixtures("a_daemon_that_is_well")
def test_a_daemon_that_runs(run_with_daemon) -> None:
    done = run_with_daemon("status")

    assert done.exit_code == 0
    assert "state          running\n" in done.stdout
    assert "stored         3.0 GiB of 20.0 GiB\n" in done.stdout
    assert "requests       5 hit, 2 miss\n" in done.stdout


@pytest.mark.usefixtures("a_daemon_that_is_well")
def test_a_daemon_that_runs_in_json(run_with_daemon) -> None:
    said = json.loads(run_with_daemon("status", "--json").stdout)

    assert (said["state"], said["version"], said["pid"]) == ("running", "0.1.0", 7)
    assert said["start_time"] == "2023-11-14T22:13:20+00:00"
    assert said["schemes"] == ["dicomfile", "file"]
    assert said["cache"]["stored_bytes"] == 3 << 30
    assert said["cache"]["requests"] == {"hit": 5, "miss": 2}


def test_no_daemon(run) -> None:
    done = run("status", "--json")

    said = json.loads(done.stdout)
    assert done.exit_code == 3
    assert said["state"] == "stopped"
    assert "imageidd" in said["detail"]


def test_a_daemon_that_refuses(run_with_daemon, scripted: ScriptedDaemon) -> None:
    refused = fails(
        grpc.StatusCode.UNAUTHENTICATED, "The token is wrong.", error_info("CALLER_REJECTED")
    )
    scripted.script("GetServerInfo", refused)

    done = run_with_daemon("status")

    assert done.exit_code == 1
    assert "state   degraded" in done.stdout
    assert "The token is wrong." in done.stdout


@pytest.mark.usefixtures("a_daemon_that_is_well")
def test_the_daemon_of_another_version_is_one_line(run, scripted: ScriptedDaemon) -> None:
    scripted.describe(version="9.0.0")

    done = run("--endpoint", str(scripted.endpoint_file), "status")

    assert done.stderr.startswith("imageid: ")
    assert "9.0.0" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.usefixtures("a_daemon_that_is_well")
def test_the_daemons_loaders(run_with_daemon) -> None:
    done = run_with_daemon("loaders")

    assert done.stdout == "file  dicomfile, file  Files below the configured folders.\n"


@pytest.mark.usefixtures("a_daemon_that_is_well")
def test_the_daemons_loaders_in_json(run_with_daemon) -> None:
    said = json.loads(run_with_daemon("loaders", "--json").stdout)

    assert said == [
        {
            "name": "file",
            "schemes": ["dicomfile", "file"],
            "distribution": "imageid-daemon",
            "version": "0.1.0",
            "summary": "Files below the configured folders.",
        }
    ]


def test_without_a_daemon_the_loaders_installed(run) -> None:
    done = run("loaders", "--json")

    schemes = {scheme for loader in json.loads(done.stdout) for scheme in loader["schemes"]}
    assert done.exit_code == 0
    assert {"wadors", "wadouri", "file", "example"} <= schemes
    assert "no daemon runs" in done.stderr


def test_versions(run) -> None:
    said = json.loads(run("version", "--json").stdout)

    assert said["imageid"] == said["imageid-daemon"] == "0.1.0"
