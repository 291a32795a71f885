"""Whether this program sees the daemon's files, and the proof of it that the daemon asks for."""

from __future__ import annotations

from pathlib import Path

from imageid._assembly import OpenFile
from imageid._mapping import mapped
from imageid.v1.image_service_pb2 import (
    GetServerInfoResponse,
    LoadImageRequest,
    LoadImagesRequest,
)

# One or two were evicted since; so many are somewhere else, as in a container.
_MISSING_IN_TURN = 4


class Locality:
    """What is known of it, for one connection.

    The token is new whenever the daemon starts. A daemon that does not know it streams as if
    none had been sent, so a stored image that is streamed is the sign to read it again: at
    the first such image, the second, the fourth, and so on, because there may be other
    causes, which last.

    Args:
        address: of the daemon. Over TCP it may be on any host, and hands out no files.
        wanted: False where the program wants everything streamed.
        token_file: where its endpoint.json says that the token is. Known so, it costs no call.
    """

    def __init__(self, address: str, *, wanted: bool, token_file: str | None = None) -> None:
        is_of_use = wanted and address.startswith("unix:")
        self._token = _read(token_file) if is_of_use and token_file else b""
        self._streamed_hits = 0
        self._missing_in_turn = 0
        # A daemon that wrote no such file, or an older one, is asked.
        self.is_known = bool(self._token) or not is_of_use

    def learn(self, info: GetServerInfoResponse) -> None:
        """Read the token from the file that the daemon names, if that is possible."""
        token = _read(info.locality_token_file)
        if token != self._token:
            self._streamed_hits = 0
        self._token = token
        self.is_known = True

    def prove(self, request: LoadImageRequest | LoadImagesRequest) -> None:
        """Ask for local files, where it is known that they can be opened."""
        if self._token:
            request.accept_local_file = True
            request.locality_token = self._token

    def note_streamed_hit(self) -> None:
        """A stored image came in chunks."""
        if not self._token:
            return
        self._streamed_hits += 1
        if self._streamed_hits & (self._streamed_hits - 1) == 0:
            self.is_known = False

    def opener(self, request: LoadImageRequest | LoadImagesRequest) -> OpenFile | None:
        """What opens the files of its answer; None where it may name none."""
        return self._open if request.accept_local_file else None

    def _open(self, path: str, offset: int, length_bytes: int) -> memoryview:
        """A part of a local file, mapped.

        Raises:
            OSError, ValueError: see `mapped`. Where every file is missing, no more are asked for.
        """
        try:
            data = mapped(path, offset, length_bytes)
        except (OSError, ValueError):
            self._missing_in_turn += 1
            if self._missing_in_turn == _MISSING_IN_TURN:
                self._token = b""
            raise
        self._missing_in_turn = 0
        return data


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes() if path else b""
    except (OSError, ValueError):
        return b""
