"""The verb `load`: an image into a file or a pipe, and what it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal

import typer

from imageid_daemon.cli import sink
from imageid_daemon.cli.forms import Form, Options, form_for, output_for
from imageid_daemon.cli.invocation import Invocation
from imageid_daemon.cli.options import Cache, Json, MaxAge, Priority, age_seconds
from imageid_daemon.cli.printing import print_facts, print_json
from imageid_daemon.cli.progress import Advance, progress_bar

if TYPE_CHECKING:
    from imageid import ImageStream

_STDOUT = Path("-")


def load(
    context: typer.Context,
    image_id: Annotated[str, typer.Argument(metavar="ID", show_default=False)],
    file: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="- is stdout.")
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option("--as", help="Else what FILE ends in: .npy, .png, .jpg; or encoded."),
    ] = None,
    window: Annotated[
        str | None, typer.Option(metavar="C,W", help="Window center and width, of png and jpeg.")
    ] = None,
    window_name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="One of the image's windows, or its number."),
    ] = None,
    percentiles: Annotated[
        str | None, typer.Option(metavar="L,H", help="Window from these percentiles of the values.")
    ] = None,
    voi_lut_function: Annotated[
        Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"] | None,
        typer.Option(help="How the window is applied."),
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Box to fit into, of png and jpeg.")
    ] = None,
    quality: Annotated[
        int | None, typer.Option(min=1, max=100, help="Of jpeg; 90 if not given.")
    ] = None,
    bit_depth: Annotated[
        Literal["8", "16"] | None, typer.Option(help="Bits of each sample of png.")
    ] = None,
    invert: Annotated[bool, typer.Option("--invert", help="Exchange black and white.")] = False,
    values: Annotated[
        Literal["stored", "modality"] | None, typer.Option(help="Which values, of pixels.")
    ] = None,
    color: Annotated[
        Literal["default", "stored", "rgb"] | None, typer.Option(help="Which colours, of pixels.")
    ] = None,
    cache: Cache = "default",
    max_age: MaxAge = None,
    priority: Priority = "interaction",
    as_json: Json = False,
) -> None:
    """Load an image, write it to FILE, and say what it is."""
    invocation: Invocation = context.obj
    options = Options(
        window=window,
        window_name=window_name,
        percentiles=percentiles,
        voi_lut_function=voi_lut_function,
        size=size,
        quality=quality,
        bit_depth=bit_depth,
        invert=invert or None,
        values=values,
        color=color,
    )
    output = output_for(form or form_for(file), options)
    age = age_seconds(max_age)
    with (
        invocation.connected() as client,
        sink.opened(file) as target,
        progress_bar("loading") as advance,
        client.stream(image_id, output, max_age=age, cache=cache, priority=priority) as stream,
    ):
        _write_npy_header(stream, file, target)
        _copy(stream, target, advance)
    if file != _STDOUT:
        _print_summary(stream, file, as_json)


def _copy(stream: ImageStream, target: BinaryIO, advance: Advance) -> None:
    received_bytes = 0
    for chunk in stream:
        target.write(chunk)
        received_bytes += len(chunk)
        advance(received_bytes, stream.size_bytes)


def _write_npy_header(stream: ImageStream, file: Path | None, target: BinaryIO) -> None:
    """What makes an .npy file of pixels; any other name gets the bytes alone."""
    if file is None or file.suffix.lower() != ".npy" or stream.shape is None:
        return
    from numpy.lib.format import write_array_header_1_0

    described = {"descr": stream.dtype, "fortran_order": False, "shape": stream.shape}
    write_array_header_1_0(target, described)


def _print_summary(stream: ImageStream, file: Path | None, as_json: bool) -> None:
    summary = _summary(stream) | {"file": None if file is None else str(file)}
    (print_json if as_json else print_facts)(summary)


def _summary(stream: ImageStream) -> dict[str, object]:
    return {
        "image_id": stream.image_id,
        "content_type": stream.content_type,
        "shape": stream.shape,
        "dtype": stream.dtype,
        "size_bytes": stream.size_bytes,
        "sha256": stream.sha256,
        "cache_status": stream.cache_status,
        "loader": stream.loader,
        "total_seconds": stream.timing.total_seconds,
    }
