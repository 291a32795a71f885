"""The verb `cache verify`."""

from __future__ import annotations

import typer

from imageid_daemon.cli.failures import EXIT_CODE
from imageid_daemon.cli.invocation import Invocation
from imageid_daemon.cli.options import Json
from imageid_daemon.cli.printing import print_json, size_text
from imageid_daemon.cli.progress import counting_bar


def verify(context: typer.Context, as_json: Json = False) -> None:
    """Read every stored blob and compare it with its digest. Ends with 1 where one differs.

    What differs is put aside, and fetched again when it is asked for.
    """
    from imageid.v1.cache_service_pb2 import VerifyCacheResponse

    invocation: Invocation = context.obj
    progress = VerifyCacheResponse()
    with invocation.connected() as client, counting_bar("verifying") as count:
        for progress in client.verify():
            count(progress.checked_blobs, progress.total_blobs, size_text(progress.checked_bytes))
    if as_json:
        print_json(
            {
                "checked_blobs": progress.checked_blobs,
                "checked_bytes": progress.checked_bytes,
                "total_blobs": progress.total_blobs,
                "corrupt_blobs": progress.corrupt_blobs,
                "unreadable_blobs": progress.unreadable_blobs,
            }
        )
    else:
        said = f"{progress.checked_blobs} blobs checked, {size_text(progress.checked_bytes)}"
        said += f"; {progress.corrupt_blobs} were damaged and are put aside"
        if progress.unreadable_blobs:
            said += f"; {progress.unreadable_blobs} could not be read now"
        typer.echo(said)
    if progress.corrupt_blobs:
        raise typer.Exit(EXIT_CODE)
