"""The verb `prefetch`: images into the cache, ahead of need."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from imageid_daemon.cli.failures import EXIT_CODE
from imageid_daemon.cli.invocation import Invocation
from imageid_daemon.cli.options import (
    Cache,
    Ids,
    Json,
    KeepFor,
    MaxAge,
    Priority,
    Tag,
    age_seconds,
    ids_of,
)
from imageid_daemon.cli.printing import print_json, size_text
from imageid_daemon.cli.progress import counting_bar

if TYPE_CHECKING:
    from imageid import Prefetched, PrefetchProgress


class Representation(Enum):
    """As `load` has them."""

    ENCODED = "encoded"
    PIXELS = "pixels"
    PNG = "png"
    JPEG = "jpeg"


def prefetch(
    context: typer.Context,
    image_ids: Ids = None,
    forms: Annotated[
        list[Representation] | None,
        typer.Option("--as", help="May be given several times; encoded if not given."),
    ] = None,
    keep_for: KeepFor = None,
    tag: Tag = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="The daemon goes on when this program is ended.")
    ] = False,
    cache: Cache = "default",
    max_age: MaxAge = None,
    priority: Priority = "prefetch",
    as_json: Json = False,
) -> None:
    """Bring images into the cache. Ends with 1 where one failed, and says which and why."""
    chosen = ids_of(image_ids)
    if not chosen:
        raise typer.BadParameter("give imageIds, or - to read them from stdin.", param_hint="ID…")
    invocation: Invocation = context.obj
    keep_seconds, age = age_seconds(keep_for, "--keep-for"), age_seconds(max_age)
    with invocation.connected() as client, counting_bar("prefetching") as count:

        def report(progress: PrefetchProgress) -> None:
            done = progress.done + progress.failed
            count(done, progress.total, _so_far(progress))

        results = client.prefetch(
            chosen,
            [form.value for form in forms or ()] or "encoded",
            keep_for=keep_seconds,
            tag=tag or "",
            detach=detach,
            max_age=age,
            cache=cache,
            priority=priority,
            progress=report,
        )
    if as_json:
        print_json(_for_programs(results))
    else:
        _print_for_people(results)
    if any(each.error for each in results):
        raise typer.Exit(EXIT_CODE)


def _so_far(progress: PrefetchProgress) -> str:
    failed = f", {progress.failed} failed" if progress.failed else ""
    return size_text(progress.size_bytes) + failed


def _for_programs(results: list[Prefetched]) -> dict[str, object]:
    failed = sum(each.error is not None for each in results)
    return {
        "done": len(results) - failed,
        "failed": failed,
        "size_bytes": sum(each.size_bytes for each in results),
        "images": [
            {
                "image_id": each.image_id,
                "size_bytes": each.size_bytes,
                "cache_status": each.cache_status,
                "stored": each.stored,
                "error_reason": each.error.reason if each.error else "",
                "error_message": each.error.detail if each.error else "",
            }
            for each in results
        ],
    }


def _print_for_people(results: list[Prefetched]) -> None:
    failed = [each for each in results if each.error]
    passed_through = sum(not each.stored for each in results if not each.error)
    for each in failed:
        typer.echo(f"imageid: {each.image_id}: {each.error}", err=True)
    size = size_text(sum(each.size_bytes for each in results))
    said = f"{len(results) - len(failed)} of {len(results)} images, {size}"
    if passed_through:
        said += f"; the cache did not take {passed_through} of them"
    typer.echo(said)
