"""The verbs `status`, `loaders` and `version`: what runs, and what it can do."""

from __future__ import annotations

import platform
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, TypedDict

import typer

from imageid_daemon.cli.cache import statistics, statistics_for_people
from imageid_daemon.cli.invocation import Invocation
from imageid_daemon.cli.options import Json
from imageid_daemon.cli.printing import print_columns, print_facts, print_json, utc

if TYPE_CHECKING:
    import imageid
    from imageid.v1.image_service_pb2 import LoaderInfo

_DISTRIBUTIONS = ("imageid-daemon", "imageid", "grpcio", "protobuf", "pydicom", "imagecodecs")

# `systemctl status` and LSB scripts say 3 for a service that does not run.
_EXIT_CODES = {"running": 0, "degraded": 1, "stopped": 3}

# A daemon that says nothing for so long is not well.
_STATUS_TIMEOUT_SECONDS = 5.0


class LoaderFacts(TypedDict):
    """A loader in JSON."""

    name: str
    schemes: list[str]
    distribution: str
    version: str
    summary: str


def status(context: typer.Context, as_json: Json = False) -> None:
    """Say whether the daemon runs: exit code 0 it does, 1 it is not well, 3 it does not."""
    import imageid

    invocation: Invocation = context.obj
    try:
        with invocation.connected(_STATUS_TIMEOUT_SECONDS) as client:
            facts = _running(client, as_json)
    except imageid.Error as error:
        state = "stopped" if error.reason == "DAEMON_UNAVAILABLE" else "degraded"
        facts = {"state": state, "reason": error.reason, "detail": error.detail}
    (print_json if as_json else print_facts)(facts)
    raise typer.Exit(_EXIT_CODES[str(facts["state"])])


def _running(client: imageid.Client, as_json: bool) -> dict[str, object]:
    info, stats = client.info(), client.stats()
    facts: dict[str, object] = {
        "state": "running",
        "version": info.version,
        "pid": info.pid,
        "start_time": utc(info.start_time),
        "schemes": sorted(scheme for loader in info.loaders for scheme in loader.schemes),
    }
    return facts | ({"cache": statistics(stats)} if as_json else statistics_for_people(stats))


def loaders(context: typer.Context, as_json: Json = False) -> None:
    """List the loaders: the daemon's, or those installed when none runs."""
    import imageid

    invocation: Invocation = context.obj
    try:
        with invocation.connected() as client:
            rows = [_describe(loader) for loader in client.info().loaders]
    except imageid.Error as error:
        if error.reason != "DAEMON_UNAVAILABLE":
            raise
        typer.echo("imageid: no daemon runs; these loaders are installed", err=True)
        rows = _installed()
    if as_json:
        print_json(rows)
    else:
        print_columns([[row["name"], ", ".join(row["schemes"]), row["summary"]] for row in rows])


def version(as_json: Json = False) -> None:
    """Say the versions of imageid and of what it is made of."""
    versions = {name: version_of(name) for name in _DISTRIBUTIONS}
    versions["python"] = platform.python_version()
    (print_json if as_json else print_facts)(versions)


def _installed() -> list[LoaderFacts]:
    from imageid_daemon.registry import installed_loaders
    from imageid_loaders.base import Settings

    return [
        LoaderFacts(
            name=each.loader.name,
            schemes=list(each.schemes),
            distribution=each.distribution,
            version=each.version,
            summary=each.loader.summary,
        )
        for each in installed_loaders({}, Settings()).installed
    ]


def _describe(loader: LoaderInfo) -> LoaderFacts:
    return LoaderFacts(
        name=loader.name,
        schemes=list(loader.schemes),
        distribution=loader.distribution,
        version=loader.version,
        summary=loader.summary,
    )
