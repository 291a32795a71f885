"""What the daemon and a worker say to each other: one message a packet, msgpack, typed.

A payload too large for a packet goes through the worker's page, a file in memory that both
hold; the packet then only tells where. The page has two places, because a worker may write its
next answer while the daemon has not yet read the last. A job at hand is never on the page.
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
_PLACE = struct.Struct("<QQ")  # offset and length, in bytes
_PLACES = 2


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


def send(
    link: socket.socket,
    page: int,
    payload: bytes,
    descriptors: tuple[int, ...] = (),
    place: int = 0,
) -> None:
    """Send one message.

    Args:
        page: descriptor of the worker's page.
        descriptors: files that go with it.
        place: where on the page, if need be: any number; it counts modulo the places.

    Raises:
        OSError: the peer is gone.
        Unintelligible: the payload exceeds the limit.
    """
    if fits_packet(payload):
        packet = _INLINE + payload
    elif len(payload) > PAYLOAD_LIMIT_BYTES:
        raise Unintelligible("the message is too long")
    else:
        offset = place % _PLACES * PAYLOAD_LIMIT_BYTES
        _write(page, payload, offset)
        packet = _ON_PAGE + _PLACE.pack(offset, len(payload))
    socket.send_fds(link, [packet], descriptors)


def fits_packet(payload: bytes) -> bool:
    """Whether it can be sent without the page."""
    return len(payload) < _PACKET_BYTES


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


def take_back(tray: socket.socket, payload: bytes) -> bool:
    """Receive what was sent last in the receiver's place, unless the receiver was faster.

    Args:
        tray: the receiver's end, of which this process has kept a descriptor.
        payload: what was sent, in a packet of its own.
    """
    packet = _INLINE + payload
    try:
        # Where another packet is before it, the receiver has not even got that one.
        if tray.recv(len(packet) + 1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != packet:
            return False
        _, descriptors, _, _ = socket.recv_fds(tray, len(packet), _DESCRIPTORS, socket.MSG_DONTWAIT)
    except OSError:
        return False
    for descriptor in descriptors:
        os.close(descriptor)
    return True


def _payload(packet: bytes, page: int) -> bytes:
    kind, rest = packet[:1], packet[1:]
    if kind == _INLINE:
        return rest
    if kind != _ON_PAGE or len(rest) != _PLACE.size:
        raise Unintelligible("the packet is of no known kind")
    offset, length = _PLACE.unpack(rest)
    if length > PAYLOAD_LIMIT_BYTES or offset > PAYLOAD_LIMIT_BYTES * _PLACES:
        raise Unintelligible("the message is too long")
    return os.pread(page, length, offset)


def _write(page: int, payload: bytes, offset: int) -> None:
    rest = memoryview(payload)
    while rest:
        written = os.pwrite(page, rest, offset)
        rest, offset = rest[written:], offset + written
