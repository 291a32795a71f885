"""Tasks that do to their worker what a hostile image may do; a table for `Pool`."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import sys
import time
from pathlib import Path

import msgspec

# What this worker has done so far, as a codec's corrupted heap would remember it.
_past: list[str] = []


def add(_source: str, _target: str, left: int, right: int) -> int:
    _past.append("add")
    return left + right


def copy(source: str, target: str) -> int:
    data = Path(source).read_bytes()
    Path(target).write_bytes(data)
    return len(data)


def echo(_source: str, _target: str, data: bytes) -> bytes:
    return data


def process(_source: str, _target: str) -> int:
    return os.getpid()


def segfault(_source: str, _target: str) -> int:
    ctypes.string_at(0)
    return 0


def abort(_source: str, _target: str) -> int:
    os.abort()


def leave(_source: str, _target: str) -> int:
    os._exit(7)


def kill_oneself(_source: str, _target: str) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def crash_after_others(_source: str, _target: str) -> str:
    """An innocent job in a worker whose memory an earlier one has spoilt."""
    if _past:
        ctypes.string_at(0)
    return "alive"


def decode_frame(source: str, _target: str, frame: int, bad_frame: int) -> int:
    """Crashes at one frame of a file."""
    if frame == bad_frame:
        ctypes.string_at(0)
    return len(Path(source).read_bytes()) + frame


def describe_at_length(_source: str, _target: str, frame: int, size_bytes: int) -> bytes:
    return bytes([frame]) * size_bytes


def spin(source: str, _target: str) -> int:
    """Never ends; says so by the first byte of the source, a pipe."""
    _say_begun(source)
    while True:
        pass


def wait(source: str, _target: str) -> int:
    """Never ends, and takes no processor time."""
    _say_begun(source)
    signal.pause()
    return 0


def wait_for_end(source: str, target: str) -> str:
    """Ends when the other side closes the source, a pipe."""
    _say_begun(target)
    with Path(source).open("rb") as gate:
        gate.read()
    return "ended"


def allocate(_source: str, _target: str, size_bytes: int) -> int:
    return len(bytearray(size_bytes))


def leak(_source: str, _target: str, size_bytes: int) -> int:
    _past.append("x" * size_bytes)
    return size_bytes


def write_much(_source: str, target: str, size_bytes: int) -> int:
    with Path(target).open("wb") as file:
        file.truncate(size_bytes)
    return size_bytes


def break_down(_source: str, _target: str) -> int:
    raise KeyError("MUSTERMANN^MAX")


def lie(_source: str, _target: str) -> int:
    return "not a number"  # type: ignore[return-value]


def shout(_source: str, _target: str) -> int:
    """Answers with what is no message."""
    _link().send(b"\xff" * 100)
    signal.pause()
    return 0


def promise_much(_source: str, _target: str) -> int:
    """Says that there is an answer on the page, longer than any may be."""
    _link().send(b"\1" + bytes(8) + (2**40).to_bytes(8, "little"))
    signal.pause()
    return 0


def answer_twice(_source: str, _target: str, number: int) -> int:
    """Answers 1 under that number of a job, then 2 as its honest answer."""
    _link().send(b"\0" + msgspec.msgpack.encode([number, [0, 1]]))
    return 2


def hang_up(_source: str, _target: str) -> int:
    _link().shutdown(socket.SHUT_RDWR)
    signal.pause()
    return 0


def chatter(_source: str, _target: str) -> int:
    os.write(1, b"MUSTERMANN^MAX\n")
    sys.stderr.write("MUSTERMANN^MAX\n")
    sys.stderr.flush()
    return 0


def environment(_source: str, _target: str) -> dict[str, str]:
    return dict(os.environ)


def limits(_source: str, _target: str) -> dict[str, int]:
    names = ("DATA", "FSIZE", "NOFILE", "CORE")
    found = {n: resource.getrlimit(getattr(resource, f"RLIMIT_{n}"))[1] for n in names}
    prctl = ctypes.CDLL(None).prctl
    death = ctypes.c_int()
    prctl(2, ctypes.byref(death), 0, 0, 0)
    return found | {
        "dumpable": prctl(3, 0, 0, 0, 0),
        "no_new_privs": prctl(39, 0, 0, 0, 0),
        "death_signal": death.value,
    }


def descriptors(_source: str, _target: str) -> list[str]:
    """What this worker has open, without its standard streams."""
    found = []
    for path in Path("/proc/self/fd").iterdir():
        try:
            target = path.readlink()
        except FileNotFoundError:
            continue  # that of the listing
        if int(path.name) > 2:
            found.append(str(target).partition(":")[0])
    return sorted(found)


def threads(_source: str, _target: str) -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def rest(_source: str, _target: str, seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def prepare() -> None:
    """Nothing to import."""


def burn(_source: str, _target: str, seconds: float) -> int:
    """Use that much processor time."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    return os.getpid()


def _say_begun(path: str) -> None:
    with Path(path).open("wb", buffering=0) as pipe:
        pipe.write(b"!")


def _link() -> socket.socket:
    """This worker's own link to the daemon, found as an attacker would."""
    for number in range(3, 64):
        try:
            return socket.socket(fileno=os.dup(number))
        except OSError:
            continue
    raise AssertionError("a worker has a link")


TASKS = (
    decode_frame,
    describe_at_length,
    add, copy, echo, process, segfault, abort, leave, kill_oneself, crash_after_others, spin, wait,
    wait_for_end, allocate, leak, write_much, break_down, lie, shout, promise_much, answer_twice,
    hang_up, chatter, environment, limits, descriptors, threads, rest, burn,
)  # fmt: skip
