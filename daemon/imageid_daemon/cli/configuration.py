"""The verbs `config path`, `show`, `init` and `validate`."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from imageid_daemon.cli.invocation import Invocation
from imageid_daemon.cli.options import Json
from imageid_daemon.cli.printing import print_columns, print_json

if TYPE_CHECKING:
    from imageid_daemon.config import Loaded


def path(context: typer.Context) -> None:
    """Say which file is read."""
    typer.echo(_file(context.obj))


def show(context: typer.Context, as_json: Json = False) -> None:
    """Show each setting's value and where it comes from."""
    loaded = _load(context.obj)
    if as_json:
        print_json({name: _described(loaded, name) for name in loaded.written})
    else:
        print_columns(
            [[name, value, loaded.origin_of[name]] for name, value in loaded.written.items()]
        )


def init(context: typer.Context) -> None:
    """Write a configuration in which every setting is a comment, to be edited."""
    from imageid_daemon.config import paths, template

    file = _file(context.obj)
    text = template(paths.runtime_directory(os.environ), paths.cache_directory())
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(text)
    except FileExistsError:
        typer.echo(
            f"imageid: There is a configuration already: {file}. Edit it, or move it away first.",
            err=True,
        )
        raise typer.Exit(1) from None
    typer.echo(file)


def validate(context: typer.Context) -> None:
    """Check the whole configuration, and name every problem."""
    from imageid_daemon.registry import installed_loaders
    from imageid_loaders.base import Origin, Settings

    loaded = _load(context.obj)
    origins = {
        name: Origin(name, origin.url, origin.wado_uri)
        for name, origin in loaded.config.origins.items()
    }
    installed_loaders(loaded.config.loaders, Settings(origins=origins))
    typer.echo(f"{loaded.file or 'the defaults, for there is no file'}: valid")


def _described(loaded: Loaded, name: str) -> dict[str, object]:
    value = tomllib.loads(f"value = {loaded.written[name]}")["value"]
    return {"value": value, "origin": loaded.origin_of[name]}


def _file(invocation: Invocation) -> Path:
    from imageid_daemon.config import config_file

    return (invocation.config_file or config_file(os.environ)).absolute()


def _load(invocation: Invocation) -> Loaded:
    from imageid_daemon.config import load

    return load(file=invocation.config_file, environ=os.environ)
