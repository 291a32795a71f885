"""The verbs `info` and `ls`: what is known of images without loading them."""

from __future__ import annotations

from typing import Annotated

import typer

from imageid_daemon.cli.invocation import Invocation
from imageid_daemon.cli.options import Cache, Json, MaxAge, age_seconds
from imageid_daemon.cli.printing import print_facts, print_json


def info(
    context: typer.Context,
    image_id: Annotated[str, typer.Argument(metavar="ID", show_default=False)],
    cache: Cache = "default",
    max_age: MaxAge = None,
    as_json: Json = False,
) -> None:
    """Say what is known of an image: size, window, spacing, UIDs, …"""
    invocation: Invocation = context.obj
    age = age_seconds(max_age)
    with invocation.connected() as client:
        metadata = client.metadata(image_id, max_age=age, cache=cache).as_dict()
    (print_json if as_json else print_facts)(metadata)


def ls(
    context: typer.Context,
    root: Annotated[str, typer.Argument(metavar="ROOT", show_default=False)],
    cache: Cache = "default",
    max_age: MaxAge = None,
    as_json: Json = False,
) -> None:
    """List the imageIds below a study or series URL, a folder or a DICOMDIR, in slice order."""
    invocation: Invocation = context.obj
    age = age_seconds(max_age)
    with invocation.connected() as client:
        image_ids = client.ls(root, max_age=age, cache=cache)
    if as_json:
        print_json(image_ids)
    elif image_ids:
        typer.echo("\n".join(image_ids))
