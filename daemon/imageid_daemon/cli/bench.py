"""The verb `bench`: how fast this daemon and its origin are, here and now."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Annotated
from zlib import crc32

import typer

from imageid_daemon.cli.failures import EXIT_CODE
from imageid_daemon.cli.invocation import Invocation
from imageid_daemon.cli.options import Ids, Json, ids_of
from imageid_daemon.cli.printing import print_columns, print_json, size_text

if TYPE_CHECKING:
    import imageid

_ROUNDS = 5
_LIMIT_SECONDS = 60.0
_LIMIT_BYTES = 2**30  # what is held in memory and written to the temporary folder


@dataclass(frozen=True, slots=True)
class Speed:
    """How long so many images took, in the median of rounds."""

    images: int
    size_bytes: int
    seconds: float

    def columns(self) -> list[str]:
        """For people: in all, per image, and each second."""
        each_second = size_text(round(self.size_bytes / self.seconds))
        milliseconds = self.seconds * 1000
        return [
            f"{self.images} images",
            size_text(self.size_bytes),
            f"{milliseconds:.1f} ms",
            f"{milliseconds / self.images:.2f} ms an image",
            f"{each_second} a second",
        ]


def bench(
    context: typer.Context,
    image_ids: Ids = None,
    images: Annotated[
        int, typer.Option("--images", min=1, max=500, help="At most so many; the first ones.")
    ] = 50,
    as_json: Json = False,
) -> None:
    """Measure this daemon and its origin: images fetched anew, from the cache, and from files.

    `imageid ls SERIES | imageid bench -` measures with a series. Says first what it will do.
    """
    chosen = ids_of(image_ids)[:images]
    if not chosen:
        raise typer.BadParameter("give imageIds, or - to read them from stdin.", param_hint="ID…")
    _announce(len(chosen))
    invocation: Invocation = context.obj
    with invocation.connected(_LIMIT_SECONDS) as client:
        cold, kept = _fetched_anew(client, chosen)
        bodies = [bytes(image.data) for image in _loaded(client, kept)]
        warm = _measured(lambda: [image.data for image in _loaded(client, kept)], bodies)
    floor = _from_files(bodies)
    speeds = {"cold": cold, "warm": warm, "floor": floor}
    if as_json:
        print_json({name: asdict(speed) for name, speed in speeds.items()})
    else:
        print_columns([[name, *speed.columns()] for name, speed in speeds.items()])


def _announce(images: int) -> None:
    typer.echo(
        f"imageid: fetches {images} images anew from their origins into the cache (cold), for "
        f"{_LIMIT_SECONDS:.0f} seconds at most; then loads up to {size_text(_LIMIT_BYTES)} of them "
        f"from the cache (warm), and maps the same bytes from files in a temporary folder (floor), "
        f"{_ROUNDS} times each. Nothing is evicted; what is stored is replaced.",
        err=True,
    )


def _fetched_anew(client: imageid.Client, image_ids: Sequence[str]) -> tuple[Speed, list[str]]:
    """The speed of the origins, and the images that can be measured further.

    Raises:
        typer.Exit: one failed, or none was stored; which and why is said.
    """
    started = perf_counter()
    results = client.prefetch(image_ids, cache="reload", priority="compute")
    seconds = perf_counter() - started
    for each in results:
        if each.error:
            typer.echo(f"imageid: {each.image_id}: {each.error}", err=True)
    if any(each.error for each in results):
        raise typer.Exit(EXIT_CODE)
    size_bytes = sum(each.size_bytes for each in results)
    kept = _within(
        _LIMIT_BYTES, [(each.image_id, each.size_bytes) for each in results if each.stored]
    )
    if not kept:
        typer.echo("imageid: the cache took none of these images that is small enough.", err=True)
        raise typer.Exit(EXIT_CODE)
    return Speed(len(results), size_bytes, seconds), kept


def _within(limit_bytes: int, sizes: Sequence[tuple[str, int]]) -> list[str]:
    """The first images that are not larger together."""
    kept = []
    for image_id, size_bytes in sizes:
        limit_bytes -= size_bytes
        if limit_bytes < 0:
            break
        kept.append(image_id)
    return kept


def _loaded(client: imageid.Client, image_ids: Sequence[str]) -> list[imageid.Image]:
    return list(client.load_many(image_ids, "encoded", cache="only-if-cached"))


def _from_files(bodies: Sequence[bytes]) -> Speed:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, str(number)) for number in range(len(bodies))]
        for path, body in zip(paths, bodies, strict=True):
            path.write_bytes(body)
        return _measured(lambda: [_mapped(path) for path in paths], bodies)


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb", buffering=0) as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _measured(
    read: Callable[[], Sequence[bytes | memoryview | mmap.mmap]], bodies: Sequence[bytes]
) -> Speed:
    """How long it takes until every byte has been looked at.

    Raises:
        RuntimeError: other bytes came.
    """
    expected = [crc32(body) for body in bodies]
    taken = []
    for _ in range(_ROUNDS):
        started = perf_counter()
        found = [crc32(data) for data in read()]
        taken.append(perf_counter() - started)
        if found != expected:
            raise RuntimeError("other bytes came from the cache than a moment ago")
    return Speed(len(bodies), sum(map(len, bodies)), median(taken))
