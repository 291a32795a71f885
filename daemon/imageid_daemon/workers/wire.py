"""What the daemon and a worker say to each other: one message a packet, msgpack, typed.

A payload too large for a packet goes through the worker's page, a file in memory that both
hold; the packet then only tells its length.
"""

from __future__ import annotations

import os
import socket
import struct

import msgspec

# Well below what a socket's buffer takes at once by default.
_PACKET_BYTES = 64 * 1024
PAYLOAD_LIMIT_BYTES = 64 * 2**20
_DESCRIPTORS = 2
_INLINE, _ON_PAGE = b"\0", b"\1"
_LENGTH = struct.Struct("<Q")


class Job(msgspec.Struct, frozen=True, array_like=True):
    """What a worker is to do.

    Args:
        number: no other job of this worker has it.
        task: its name in the table of tasks.
        arguments: msgpack of the task's arguments.
        has_source, has_target: which descriptors come with the packet, in this order.
    """

    number: int
    task: str
    arguments: msgspec.Raw
    has_source: bool
    has_target: bool


class Done(msgspec.Struct, frozen=True, array_like=True, tag=0):
    """The task's result, as msgpack."""

    result: msgspec.Raw


class Failed(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The task raised an `ImageError`."""

    reason: str
    message: str
    metadata: dict[str, str]


class FileRefused(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """The file system refused the source or the target."""

    errno: int


class Broken(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """The task raised what it should not have: a bug.

    Args:
        stack: places in the code; nothing of the image.
    """

    error: str
    stack: str


Answer = Done | Failed | FileRefused | Broken


class Reply(msgspec.Struct, frozen=True, array_like=True):
    """The answer to job `number`."""

    number: int
    answer: Answer


class Unintelligible(Exception):
    """A packet that no honest peer sends."""


def send(link: socket.socket, page: int, payload: bytes, descriptors: tuple[int, ...] = ()) -> None:
    """Send one message.

    Args:
        page: descriptor of the worker's page.
        descriptors: files that go with it.

    Raises:
        OSError: the peer is gone.
        Unintelligible: the payload exceeds the limit.
    """
    if len(payload) < _PACKET_BYTES:
        packet = _INLINE + payload
    elif len(payload) > PAYLOAD_LIMIT_BYTES:
        raise Unintelligible("the message is too long")
    else:
        _write(page, payload)
        packet = _ON_PAGE + _LENGTH.pack(len(payload))
    socket.send_fds(link, [packet], descriptors)


def receive(link: socket.socket, page: int) -> bytes | None:
    """Receive one message without files, None where the peer has hung up.

    Raises:
        BlockingIOError: there is none yet, and the link does not block.
        Unintelligible: no honest peer sends it.
    """
    packet = link.recv(_PACKET_BYTES + 1)
    return _payload(packet, page) if packet else None


def receive_with_files(link: socket.socket, page: int) -> tuple[bytes, list[int]] | None:
    """The same with the files that came along; who receives them closes them."""
    packet, descriptors, _, _ = socket.recv_fds(link, _PACKET_BYTES + 1, _DESCRIPTORS)
    return (_payload(packet, page), descriptors) if packet else None


def _payload(packet: bytes, page: int) -> bytes:
    kind, rest = packet[:1], packet[1:]
    if kind == _INLINE:
        return rest
    if kind != _ON_PAGE or len(rest) != _LENGTH.size:
        raise Unintelligible("the packet is of no known kind")
    (length,) = _LENGTH.unpack(rest)
    if length > PAYLOAD_LIMIT_BYTES:
        raise Unintelligible("the message is too long")
    payload = os.pread(page, length, 0)
    os.ftruncate(page, 0)
    return payload


def _write(page: int, payload: bytes) -> None:
    view, offset = memoryview(payload), 0
    while offset < len(payload):
        offset += os.pwrite(page, view[offset:], offset)
