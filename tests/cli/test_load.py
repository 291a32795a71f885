"""`imageid load`: what is written where, and what is never written."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import grpc
import numpy as np
import pytest

from clients.python.scripted_daemon import (
    ScriptedDaemon,
    error_info,
    fails,
    messages,
    says,
)
from imageid.v1 import types_pb2 as types
from imageid.v1.image_service_pb2 import LoadImageResponse

BODY = bytes(range(24))
LAYOUT = types.Layout(sample_type=types.SAMPLE_TYPE_UINT16, shape=[3, 4], strides=[8, 2])


@pytest.fixture(autouse=True)
def an_image(scripted: ScriptedDaemon) -> None:
    def answer(request, context):
        pixels = request.output.WhichOneof("kind") == "pixels"
        return messages(BODY, image_id=request.image_id, layout=LAYOUT if pixels else None)

    scripted.script("LoadImage", answer)


def test_without_a_file_it_says_what_the_image_is(run_with_daemon) -> None:
    done = run_with_daemon("load", "example://1")

    assert done.exit_code == 0
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "image_id      example://1",
        "content_type  application/octet-stream",
        "shape         3, 4",
        "dtype         <u2",
        "size_bytes    24",
        f"sha256        {hashlib.sha256(BODY).hexdigest()}",
        "cache_status  miss",
        "loader        scripted",
    ]


def test_it_says_so_in_json_too(run_with_daemon, tmp_path: Path) -> None:
    file = tmp_path / "image.dcm"

    said = json.loads(run_with_daemon("load", "example://1", "-o", str(file), "--json").stdout)

    assert said["size_bytes"] == 24
    assert said["shape"] is None
    assert said["file"] == str(file)


def test_a_file_gets_the_bytes_of_the_origin(run_with_daemon, scripted, tmp_path: Path) -> None:
    run_with_daemon("load", "example://1", "-o", str(tmp_path / "image.dcm"))

    assert scripted.last_call.request.output.WhichOneof("kind") == "encoded"
    assert (tmp_path / "image.dcm").read_bytes() == BODY


def test_a_dash_is_stdout_and_nothing_else_is_written_there(run_with_daemon) -> None:
    done = run_with_daemon("load", "example://1", "-o", "-")

    assert done.stdout.encode() == BODY
    assert done.stderr == ""


def test_an_npy_file_holds_the_array(run_with_daemon, tmp_path: Path) -> None:
    run_with_daemon("load", "example://1", "-o", str(tmp_path / "image.npy"))

    array = np.load(tmp_path / "image.npy")

    assert np.array_equal(array, np.frombuffer(BODY, "<u2").reshape(3, 4))


def test_pixels_in_any_other_file_are_samples_alone(run_with_daemon, tmp_path: Path) -> None:
    run_with_daemon("load", "example://1", "--as", "pixels", "-o", str(tmp_path / "image.raw"))

    assert (tmp_path / "image.raw").read_bytes() == BODY


@pytest.mark.parametrize(
    ("name", "format"),
    [("image.png", types.RENDER_FORMAT_PNG), ("image.JPG", types.RENDER_FORMAT_JPEG)],
)
def test_the_files_name_says_the_form(name, format, run_with_daemon, scripted, tmp_path) -> None:
    run_with_daemon("load", "example://1", "-o", str(tmp_path / name))

    assert scripted.last_call.request.output.rendered.format == format


def test_options_of_a_picture(run_with_daemon, scripted: ScriptedDaemon) -> None:
    run_with_daemon(
        *("load", "example://1", "--as", "png", "--window", "-600,1500", "--size", "256x128")
    )

    rendered = scripted.last_call.request.output.rendered
    assert (rendered.window_center, rendered.window_width) == (-600, 1500)
    assert (rendered.max_width, rendered.max_height) == (256, 128)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--window-name", "lung"), {"window_name": "lung"}),
        (("--percentiles", "0.5,99"), {"low_percentile": 0.5, "high_percentile": 99}),
        (
            ("--voi-lut-function", "SIGMOID"),
            {"voi_lut_function": types.VOI_LUT_FUNCTION_SIGMOID},
        ),
        (("--quality", "70"), {"quality": 70}),
        (("--bit-depth", "16"), {"bit_depth": 16}),
        (("--invert",), {"invert": True}),
    ],
)
def test_each_option_of_a_picture_alone(options, expected, run_with_daemon, scripted) -> None:
    run_with_daemon("load", "example://1", "--as", "png", *options)

    asked = types.RenderedOutput(format=types.RENDER_FORMAT_PNG, **expected)
    assert scripted.last_call.request.output.rendered == asked


def test_options_of_pixels(run_with_daemon, scripted: ScriptedDaemon) -> None:
    run_with_daemon("load", "example://1", "--values", "modality", "--color", "rgb")

    pixels = scripted.last_call.request.output.pixels
    assert (pixels.values, pixels.color) == (types.VALUES_MODALITY, types.COLOR_RGB)


def test_options_of_the_cache(run_with_daemon, scripted: ScriptedDaemon) -> None:
    run_with_daemon("load", "example://1", "--cache", "no-cache", "--max-age", "5m")

    control = scripted.last_call.request.cache_control
    assert control.mode == types.CacheControl.MODE_NO_CACHE
    assert control.max_age.seconds == 300


def test_a_priority(run_with_daemon, scripted: ScriptedDaemon) -> None:
    run_with_daemon("load", "example://1", "--priority", "compute")

    assert scripted.last_call.request.priority == types.PRIORITY_COMPUTE


@pytest.mark.parametrize(
    "options",
    [
        ("--window", "40"),
        ("--as", "png", "--window", "wide"),
        ("--as", "png", "--size", "256"),
        ("--as", "png", "--percentiles", "99"),
        ("--as", "png", "--quality", "0"),
        ("--as", "png", "--bit-depth", "12"),
        ("--window-name", "lung"),
        ("--bit-depth", "16"),
        ("--as", "encoded", "--values", "modality"),
        ("--as", "png", "--color", "rgb"),
        ("--as", "gif"),
        ("--max-age", "soon"),
        ("--cache", "never"),
        ("--priority", "now"),
    ],
)
def test_an_option_that_cannot_work_is_named(options, run_with_daemon, scripted) -> None:
    done = run_with_daemon("load", "example://1", *options)

    assert done.exit_code == 2
    assert options[-2] in done.stderr
    assert scripted.calls == []


def test_a_file_takes_its_name_when_it_is_whole(run_with_daemon, scripted, tmp_path) -> None:
    (tmp_path / "image.dcm").write_bytes(b"the one of yesterday")
    scripted.script("LoadImage", says(*list(messages(BODY))[:-1]))

    done = run_with_daemon("load", "example://1", "-o", str(tmp_path / "image.dcm"))

    assert done.exit_code == 1
    assert "without a summary" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["image.dcm"]
    assert (tmp_path / "image.dcm").read_bytes() == b"the one of yesterday"


def test_a_symbolic_link_stays_one(run_with_daemon, tmp_path: Path) -> None:
    link, target = tmp_path / "link.dcm", tmp_path / "target.dcm"
    link.symlink_to(target)

    run_with_daemon("load", "example://1", "-o", str(link))

    assert link.is_symlink()
    assert target.read_bytes() == BODY


def test_a_named_pipe_is_written_to_and_stays(run_with_daemon, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    done = run_with_daemon("load", "example://1", "-o", str(pipe))

    received = os.read(reader, 100)
    os.close(reader)
    assert done.exit_code == 0
    assert received == BODY
    assert pipe.is_fifo()


def test_a_folder_that_is_not_there_is_named(run_with_daemon, tmp_path: Path) -> None:
    done = run_with_daemon("load", "example://1", "-o", str(tmp_path / "absent" / "image.dcm"))

    assert done.exit_code == 1
    assert "No such file or directory" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_daemons_own_words_reach_the_person(run_with_daemon, scripted) -> None:
    missing = fails(
        grpc.StatusCode.NOT_FOUND, "The origin has no such image.", error_info("IMAGE_NOT_FOUND")
    )
    scripted.script("LoadImage", missing)

    done = run_with_daemon("load", "example://1")

    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr == "imageid: The origin has no such image. (IMAGE_NOT_FOUND)\n"


def test_without_a_daemon_it_says_how_to_start_one(run) -> None:
    done = run("load", "example://1")

    assert done.exit_code == 1
    assert "Start one with `imageidd`" in done.stderr


def imageid_process(scripted: ScriptedDaemon, *arguments: str, **streams) -> subprocess.Popen:
    command = [sys.executable, "-m", "imageid_daemon.cli", "--endpoint", scripted.address]
    return subprocess.Popen([*command, *arguments], **streams)


def test_a_terminal_sees_progress_on_stderr(scripted: ScriptedDaemon, tmp_path: Path) -> None:
    own_end, terminal = pty.openpty()
    file = str(tmp_path / "image.dcm")

    process = imageid_process(scripted, "load", "example://1", "-o", file, stderr=terminal)
    os.close(terminal)
    shown = read_terminal(own_end)

    assert process.wait() == 0
    assert "loading" in shown
    assert "24/24 bytes" in shown


def test_an_image_is_not_written_on_a_terminal(scripted: ScriptedDaemon) -> None:
    own_end, terminal = pty.openpty()

    process = imageid_process(
        scripted, "load", "example://1", "-o", "-", stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    shown = read_terminal(own_end)

    assert process.wait() == 2
    assert "redirect stdout" in shown


@pytest.fixture
def heeding_interrupts() -> Iterator[None]:
    """A run in the background of a shell ignores SIGINT, and so would the programs it starts."""
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, inherited)


@pytest.mark.usefixtures("heeding_interrupts")
def test_an_interrupted_load_leaves_quietly(scripted: ScriptedDaemon, tmp_path: Path) -> None:
    file = str(tmp_path / "image.dcm")
    interrupt: list[subprocess.Popen] = []

    def slow(request, context):
        yield from islice(messages(bytes(1 << 26), chunk_bytes=1 << 18), 255)
        # So much leaves only when the program reads. An interrupt in the moment in which it
        # begins a call would leave gRPC's Channel.close waiting for a thread that never ran.
        interrupt[0].send_signal(signal.SIGINT)
        while context.is_active():
            yield LoadImageResponse()

    scripted.script("LoadImage", slow)
    interrupt.append(
        imageid_process(scripted, "load", "example://1", "-o", file, stderr=subprocess.PIPE)
    )
    _, stderr = interrupt[0].communicate()

    assert interrupt[0].returncode == 130
    assert stderr == b""
    assert list(tmp_path.iterdir()) == []


def read_terminal(own_end: int) -> str:
    shown = b""
    try:
        while part := os.read(own_end, 4096):
            shown += part
    except OSError:  # Linux says EIO when the last process has closed the other end
        pass
    os.close(own_end)
    return shown.decode()
