"""The verb `cache pin`."""

from __future__ import annotations

from typing import Annotated

import typer

from imageid_daemon.cli.failures import EXIT_CODE
from imageid_daemon.cli.invocation import Invocation
from imageid_daemon.cli.options import Ids, Json, KeepFor, Tag, age_seconds, ids_of
from imageid_daemon.cli.printing import print_json


def pin(
    context: typer.Context,
    image_ids: Ids = None,
    keep_for: KeepFor = None,
    tag: Tag = None,
    unpin: Annotated[bool, typer.Option("--unpin", help="End their pins.")] = False,
    as_json: Json = False,
) -> None:
    """Keep stored images for a time. Ends with 1 where one is not stored, and says which."""
    chosen = ids_of(image_ids)
    if not chosen:
        raise typer.BadParameter("give imageIds, or - to read them from stdin.", param_hint="ID…")
    seconds = age_seconds(keep_for, "--keep-for")
    if (seconds is None) != unpin:
        raise typer.BadParameter("give a time, or --unpin.", param_hint="--keep-for")
    invocation: Invocation = context.obj
    absent: list[str] = []
    with invocation.connected() as client:
        if seconds is None:
            client.unpin(chosen)
        else:
            absent = client.pin(chosen, keep_for=seconds, tag=tag or "")
    if as_json:
        print_json({"images": len(chosen) - len(absent), "not_stored": absent})
    else:
        done = "unpinned" if unpin else "pinned"
        for image_id in absent:
            typer.echo(f"imageid: {image_id}: is not stored; prefetch it.", err=True)
        typer.echo(f"{len(chosen) - len(absent)} images {done}")
    if absent:
        raise typer.Exit(EXIT_CODE)
