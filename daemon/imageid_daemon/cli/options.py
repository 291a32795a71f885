"""Options that several verbs share."""

from __future__ import annotations

import sys
from typing import Annotated, Literal, TypeAlias

import typer

Json: TypeAlias = Annotated[bool, typer.Option("--json", help="For programs.")]

CacheMode: TypeAlias = Literal["default", "no-cache", "only-if-cached", "no-store", "reload"]

Cache: TypeAlias = Annotated[
    CacheMode, typer.Option("--cache", help="What a stored copy may do (RFC 9111).")
]

PriorityName: TypeAlias = Literal["interaction", "thumbnail", "prefetch", "compute"]

Priority: TypeAlias = Annotated[
    PriorityName, typer.Option(help="Whether others' images go first at the origin.")
]

MaxAge: TypeAlias = Annotated[
    str | None, typer.Option(metavar="TIME", help="Refuse an older copy, e.g. 30s, 5m, 0s.")
]


DryRun: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Count only.")]

IncludePinned: TypeAlias = Annotated[
    bool, typer.Option("--include-pinned", help="Pinned images too; their pins end.")
]

Ids: TypeAlias = Annotated[
    list[str] | None, typer.Argument(metavar="ID…", help="- reads them from stdin.")
]

KeepFor: TypeAlias = Annotated[
    str | None, typer.Option(metavar="TIME", help="Do not evict them for so long, e.g. 12h.")
]

Tag: TypeAlias = Annotated[str | None, typer.Option(metavar="TEXT", help="Label of the pins.")]

Prefix: TypeAlias = Annotated[str | None, typer.Option(metavar="URL", help="Whose URL begins so.")]
Study: TypeAlias = Annotated[
    str | None, typer.Option(metavar="UID", help="Of a study, where URL or pixels say it.")
]
Series: TypeAlias = Annotated[
    str | None, typer.Option(metavar="UID", help="Of a series, where URL or pixels say it.")
]
OriginName: TypeAlias = Annotated[
    str | None, typer.Option("--origin", metavar="NAME", help="A configured origin, or HOST:PORT.")
]
OlderThan: TypeAlias = Annotated[
    str | None, typer.Option(metavar="TIME", help="Not fetched or confirmed for so long, e.g. 24h.")
]


def ids_of(arguments: list[str] | None) -> list[str]:
    """The imageIds of the command line; of stdin, one a line, for `-`."""
    if arguments == ["-"]:
        return [line.strip() for line in sys.stdin if line.strip()]
    return arguments or []


def age_seconds(written: str | None, option: str = "--max-age") -> float | None:
    """
    Raises:
        typer.BadParameter: it is no time.
    """
    from imageid_daemon.config.values import seconds

    if written is None or written in {"0", "0s"}:  # a setting cannot be 0, an age can
        return None if written is None else 0.0
    try:
        return seconds(written)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.", param_hint=option) from None
