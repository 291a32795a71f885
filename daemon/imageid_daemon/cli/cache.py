"""The verbs `cache stats` and `cache rm`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from imageid_daemon.cli.invocation import Invocation
from imageid_daemon.cli.options import Json
from imageid_daemon.cli.printing import print_facts, print_json, size_text, utc

if TYPE_CHECKING:
    from imageid.v1.cache_service_pb2 import GetCacheStatsResponse


def stats(context: typer.Context, as_json: Json = False) -> None:
    """Say how full the cache is and what it has done since the daemon's start."""
    invocation: Invocation = context.obj
    with invocation.connected() as client:
        answer = client.stats()
    if as_json:
        print_json(statistics(answer))
    else:
        print_facts(statistics_for_people(answer))


def rm(
    context: typer.Context,
    image_ids: Annotated[list[str] | None, typer.Argument(metavar="ID…")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every image.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only.")] = False,
    as_json: Json = False,
) -> None:
    """Forget images; whoever is reading one reads on to its end."""
    if bool(image_ids) == everything:
        raise typer.BadParameter("give imageIds, or --all.", param_hint="ID…")
    invocation: Invocation = context.obj
    with invocation.connected() as client:
        gone = client.evict(image_ids or (), all=everything, validate_only=dry_run)
    if as_json:
        print_json({"entries": gone.entries, "freed_bytes": gone.freed_bytes, "dry_run": dry_run})
    else:
        done = "would be removed" if dry_run else "removed"
        typer.echo(f"{gone.entries} entries {done}, {size_text(gone.freed_bytes)}")


def statistics(answer: GetCacheStatsResponse) -> dict[str, object]:
    """The answer's fields, as JSON knows them."""
    return {
        "directory": answer.directory,
        "entries": answer.entries,
        "blobs": answer.blobs,
        "stored_bytes": answer.stored_bytes,
        "reserved_bytes": answer.reserved_bytes,
        "limit_bytes": answer.limit_bytes,
        "evicted_bytes": answer.evicted_bytes,
        "evicted_blobs": answer.evicted_blobs,
        "running_fills": answer.running_fills,
        "requests": dict(sorted(answer.requests.items())),
        "start_time": utc(answer.start_time),
    }


def statistics_for_people(answer: GetCacheStatsResponse) -> dict[str, object]:
    """The same, with units."""
    requests = [f"{count} {status}" for status, count in sorted(answer.requests.items())]
    stored, limit = size_text(answer.stored_bytes), size_text(answer.limit_bytes)
    return {
        "directory": answer.directory,
        "stored": f"{stored} of {limit}",
        "reserved": size_text(answer.reserved_bytes),
        "entries": answer.entries,
        "blobs": answer.blobs,
        "evicted": f"{answer.evicted_blobs} blobs, {size_text(answer.evicted_bytes)}",
        "running fills": answer.running_fills,
        "requests": ", ".join(requests) or "none",
        "since": utc(answer.start_time),
    }
