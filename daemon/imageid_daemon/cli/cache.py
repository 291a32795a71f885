"""The verb `cache stats`."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
        "pinned_bytes": answer.pinned_bytes,
        "pin_limit_bytes": answer.pin_limit_bytes,
        "start_time": utc(answer.start_time),
    }


def statistics_for_people(answer: GetCacheStatsResponse) -> dict[str, object]:
    """The same, with units."""
    requests = [f"{count} {status}" for status, count in sorted(answer.requests.items())]
    stored, limit = size_text(answer.stored_bytes), size_text(answer.limit_bytes)
    return {
        "directory": answer.directory,
        "stored": f"{stored} of {limit}",
        "pinned": f"{size_text(answer.pinned_bytes)} of {size_text(answer.pin_limit_bytes)}",
        "reserved": size_text(answer.reserved_bytes),
        "entries": answer.entries,
        "blobs": answer.blobs,
        "evicted": f"{answer.evicted_blobs} blobs, {size_text(answer.evicted_bytes)}",
        "running fills": answer.running_fills,
        "requests": ", ".join(requests) or "none",
        "since": utc(answer.start_time),
    }
