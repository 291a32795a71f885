"""CRC32C of every mebibyte."""

import itertools
import os

import google_crc32c
from hypothesis import given
from hypothesis import strategies as st

from imageid_daemon import checksums
from imageid_daemon.checksums import PART_BYTES, Checksums

BODY = bytes(range(256)) * (5 * PART_BYTES // 512)  # two and a half parts


def expected(body: bytes) -> bytes:
    parts = [body[start : start + PART_BYTES] for start in range(0, len(body), PART_BYTES)]
    return b"".join(google_crc32c.value(part).to_bytes(4, "big") for part in parts)


@given(cuts=st.lists(st.integers(0, len(BODY)), max_size=6), size=st.integers(0, len(BODY)))
def test_however_a_body_arrives_its_checksums_are_those_of_its_parts(cuts, size):
    growing = Checksums()
    edges = [0, *sorted(min(cut, size) for cut in cuts), size]

    for start, end in itertools.pairwise(edges):
        growing.update(BODY[start:end])

    assert growing.digest() == expected(BODY[:size])
    assert len(growing.digest()) == 4 * checksums.parts_of(size)


def test_a_file_is_checked_part_by_part(tmp_path):
    path = tmp_path / "body"
    path.write_bytes(BODY)
    with path.open("r+b") as file:
        sums = checksums.of_file(file.fileno())
        os.pwrite(file.fileno(), b"!", PART_BYTES + 7)

        matches = [checksums.part_matches(file.fileno(), part, sums) for part in range(3)]

    assert sums == expected(BODY)
    assert matches == [True, False, True]


def test_a_part_without_a_checksum_matches_nothing(tmp_path):
    path = tmp_path / "body"
    path.write_bytes(b"body")
    with path.open("rb") as file:
        assert not checksums.part_matches(file.fileno(), 0, b"")
