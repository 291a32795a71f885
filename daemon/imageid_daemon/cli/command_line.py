"""All verbs under one name, with the options that come before the verb."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from imageid_daemon.cli import (
    bench,
    cache,
    configuration,
    daemon,
    entries,
    failures,
    images,
    load,
    pins,
    prefetch,
    verify,
)
from imageid_daemon.cli.invocation import Invocation


def main() -> None:
    """Run `imageid`; a failure is one message on stderr and a non-zero exit code."""
    try:
        _application()()
    except Exception as error:
        typer.echo(f"imageid: {failures.message(error)}", err=True)
        sys.exit(failures.EXIT_CODE)


def _application() -> typer.Typer:
    application = _group("Images by imageId, from the local daemon imageidd.")
    application.callback()(_before_the_verb)
    application.command("load")(load.load)
    application.command("info")(images.info)
    application.command("ls")(images.ls)
    application.command("prefetch")(prefetch.prefetch)
    application.command("bench")(bench.bench)
    application.command("status")(daemon.status)
    application.command("loaders")(daemon.loaders)
    application.add_typer(_cache(), name="cache")
    application.add_typer(_configuration(), name="config")
    application.command("version")(daemon.version)
    return application


def _cache() -> typer.Typer:
    group = _group("What the daemon keeps.")
    group.command("stats")(cache.stats)
    group.command("ls")(entries.ls)
    group.command("rm")(entries.rm)
    group.command("clear")(entries.clear)
    group.command("verify")(verify.verify)
    group.command("pin")(pins.pin)
    return group


def _configuration() -> typer.Typer:
    group = _group("The daemon's configuration.")
    group.command("path")(configuration.path)
    group.command("show")(configuration.show)
    group.command("init")(configuration.init)
    group.command("validate")(configuration.validate)
    return group


def _group(summary: str) -> typer.Typer:
    return typer.Typer(
        help=summary,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _before_the_verb(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Configuration to read.")
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="unix:PATH, HOST:PORT or the path of an endpoint.json; else IMAGEID_ENDPOINT, "
            "else this user's own daemon.",
        ),
    ] = None,
) -> None:
    context.obj = Invocation(config, endpoint)
