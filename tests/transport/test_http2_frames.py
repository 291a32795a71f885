"""Frames are found however the network has cut what it brings."""

import itertools

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageid_daemon.origins.http2_frames import Data, Frames, GoAway
from transport.http2_server import frame

HEADERS, SETTINGS = frame(1, 4, 1, b"fields"), frame(4, 0, 0, b"")
BODY = frame(0, 0, 1, b"piece") + frame(0, 1 | 8, 3, b"\x02last\0\0")
GOODBYE = frame(7, 0, 0, (3).to_bytes(4) + (11).to_bytes(4) + b"why")
ALL = SETTINGS + HEADERS + BODY + SETTINGS + GOODBYE + frame(99, 1, 5, b"unknown")


def found(*pieces: bytes) -> list[Data | GoAway | bytes]:
    frames = Frames()
    parts: list[Data | GoAway | bytes] = []
    for piece in pieces:
        for part in frames.feed(piece):
            if isinstance(part, bytes) and parts and isinstance(parts[-1], bytes):
                part = parts.pop() + part  # in how many portions h2 gets them is all the same
            parts.append(part)
    return parts


def test_bodies_and_goodbyes_are_taken_out_and_the_rest_left_as_it_is():
    assert found(ALL) == [
        SETTINGS + HEADERS,
        Data(1, b"piece", 5, is_last=False),
        Data(3, b"last", 7, is_last=True),
        SETTINGS,
        GoAway(3, 11),
        frame(99, 1, 5, b"unknown"),
    ]


@given(st.sets(st.integers(0, len(ALL))))
def test_it_is_the_same_wherever_it_is_cut(cuts):
    ends = [0, *sorted(cuts), len(ALL)]

    assert found(*(ALL[a:b] for a, b in itertools.pairwise(ends))) == found(ALL)


def test_a_portion_ends_behind_each_block_of_fields():
    assert list(Frames().feed(HEADERS + HEADERS + SETTINGS)) == [HEADERS, HEADERS, SETTINGS]


@pytest.mark.parametrize(
    "malformed",
    [
        (16385).to_bytes(3) + bytes([0, 0, 0, 0, 0, 1]),
        frame(7, 0, 0, b"short"),
        frame(0, 8, 1, b""),
        frame(0, 8, 1, b"\x05five"),
    ],
    ids=["too long", "a short goodbye", "no padding", "more padding than bytes"],
)
def test_what_is_malformed_is_refused(malformed):
    with pytest.raises(httpcore.RemoteProtocolError):
        list(Frames().feed(malformed))
