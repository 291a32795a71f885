"""The verbs `cache ls`, `cache rm` and `cache clear`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from imageid_daemon.cli.invocation import Invocation
from imageid_daemon.cli.options import (
    DryRun,
    Ids,
    IncludePinned,
    Json,
    OlderThan,
    OriginName,
    Prefix,
    Series,
    Study,
    age_seconds,
    ids_of,
)
from imageid_daemon.cli.printing import print_columns, print_json, size_text, utc

if TYPE_CHECKING:
    from imageid.v1.cache_service_pb2 import CacheEntry, EvictImagesResponse

PinTag = Annotated[str | None, typer.Option(metavar="TEXT", help="Pinned under this label.")]


def ls(
    context: typer.Context,
    prefix: Prefix = None,
    study: Study = None,
    series: Series = None,
    origin: OriginName = None,
    tag: PinTag = None,
    older_than: OlderThan = None,
    form: Annotated[
        Literal["encoded", "pixels", "rendered"] | None, typer.Option("--as", help="These alone.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List what is stored, by URL: of each the bytes, what it is, its pin and where it is from."""
    invocation: Invocation = context.obj
    with invocation.connected() as client:
        found = list(
            client.entries(
                prefix=prefix,
                study=study,
                series=series,
                origin=origin,
                tag=tag,
                older_than=age_seconds(older_than, "--older-than"),
                representation=form,
            )
        )
    found.sort(key=lambda entry: (entry.url, entry.representation, entry.frame_number))
    if as_json:
        print_json([_for_programs(entry) for entry in found])
    elif found:
        print_columns([_for_people(entry) for entry in found])


def rm(
    context: typer.Context,
    image_ids: Ids = None,
    everything: Annotated[bool, typer.Option("--all", help="Every image.")] = False,
    prefix: Prefix = None,
    study: Study = None,
    series: Series = None,
    origin: OriginName = None,
    tag: PinTag = None,
    older_than: OlderThan = None,
    include_pinned: IncludePinned = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Forget images; whoever is reading one reads on to its end."""
    chosen = ids_of(image_ids)
    ways = [bool(chosen), everything, *(each is not None for each in (prefix, study, series))]
    ways += [origin is not None, tag is not None]
    age = age_seconds(older_than, "--older-than")
    # By age alone means all that is so old.
    everything = everything or (not any(ways) and age is not None)
    if sum(ways) > 1 or not (any(ways) or everything):
        raise typer.BadParameter(
            "give imageIds, --all, or one of --prefix, --study, --series, --origin and --tag.",
            param_hint="ID…",
        )
    invocation: Invocation = context.obj
    with invocation.connected() as client:
        gone = client.evict(
            chosen,
            all=everything,
            prefix=prefix,
            study=study,
            series=series,
            origin=origin,
            tag=tag,
            older_than=age,
            include_pinned=include_pinned,
            validate_only=dry_run,
        )
    _print_evicted(gone, dry_run, as_json)


def clear(
    context: typer.Context,
    include_pinned: IncludePinned = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Forget every image, as `cache rm --all` does."""
    invocation: Invocation = context.obj
    with invocation.connected() as client:
        gone = client.evict(all=True, include_pinned=include_pinned, validate_only=dry_run)
    _print_evicted(gone, dry_run, as_json)


def _print_evicted(gone: EvictImagesResponse, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "entries": gone.entries,
                "freed_bytes": gone.freed_bytes,
                "pinned": gone.pinned,
                "dry_run": dry_run,
            }
        )
        return
    done = "would be removed" if dry_run else "removed"
    kept = f"; {gone.pinned} are pinned and stay" if gone.pinned else ""
    typer.echo(f"{gone.entries} entries {done}, {size_text(gone.freed_bytes)}{kept}")


def _for_programs(entry: CacheEntry) -> dict[str, object]:
    return {
        "url": entry.url,
        "representation": _representation(entry),
        "frame_number": entry.frame_number if entry.HasField("frame_number") else None,
        "content_type": entry.content_type,
        "size_bytes": entry.size_bytes,
        "response_time": utc(entry.response_time),
        "pinned_until": utc(entry.pinned_until) if entry.HasField("pinned_until") else None,
        "tag": entry.tag,
        "sha256": entry.sha256.hex(),
        "entry_id": entry.entry_id,
    }


def _for_people(entry: CacheEntry) -> tuple[str, ...]:
    frame = f" {entry.frame_number}" if entry.frame_number else ""
    pinned = ""
    if entry.HasField("pinned_until"):
        until = entry.pinned_until.ToDatetime(UTC)
        pinned = f"pinned for {_text(until - datetime.now(UTC))} {entry.tag}".rstrip()
    return size_text(entry.size_bytes), _representation(entry) + frame, pinned, entry.url


def _text(time_left: object) -> str:
    # Days, hours and minutes; seconds tell nobody anything.
    return str(time_left).partition(".")[0]


def _representation(entry: CacheEntry) -> str:
    from imageid.v1.types_pb2 import Representation

    if not entry.representation:
        return "index"  # of frames, or a volume that was unpacked
    return Representation.Name(entry.representation).removeprefix("REPRESENTATION_").lower()
