"""The parts that need no server."""

import zlib

import pytest

from imageid_daemon.origins.content_coding import Inflater
from imageid_daemon.origins.target import target

PIECE_BYTES = 256 * 1024


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://pacs.example/", b"pacs.example"),
        ("http://pacs.example:80/", b"pacs.example"),
        ("https://pacs.example:80/", b"pacs.example:80"),
        ("https://PACS.example:443", b"pacs.example"),
        ("http://[::1]:8042/", b"[::1]:8042"),
        ("http://müller.example/", b"xn--mller-kva.example"),
    ],
)
def test_the_host_field_leaves_out_the_schemes_own_port(url, authority):
    assert target(url).authority == authority


def test_a_bomb_is_unpacked_in_small_pieces():
    bomb = zlib.compress(bytes(100 * PIECE_BYTES))

    pieces = [len(piece) for piece in Inflater("deflate").feed(bomb)]

    assert sum(pieces) == 100 * PIECE_BYTES
    assert max(pieces) <= PIECE_BYTES


@pytest.mark.parametrize("more", [0, 1, 100, 257, 258, 259])
def test_a_bare_stream_gives_its_last_byte(more):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = packer.compress(bytes(PIECE_BYTES + more)) + packer.flush()
    inflater = Inflater("deflate")

    size = sum(len(piece) for piece in [*inflater.feed(packed), *inflater.finish()])

    assert size == PIECE_BYTES + more
