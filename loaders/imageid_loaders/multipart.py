"""A streaming parser of multipart/related bodies (RFC 2046 section 5.1), without I/O.

It is fed bytes as they come and says what they mean. It forgives what servers do
differently, a missing boundary parameter or a preamble, and never what would hide a body
that broke off: without the closing delimiter there is no end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from imageid_loaders.errors import Corrupt

_HEADER_LIMIT_BYTES = 16 * 1024
_PREAMBLE_LIMIT_BYTES = 64 * 1024
_BOUNDARY_LIMIT_BYTES = 256
_PADDING_LIMIT_BYTES = 128
_ANY_FIRST_DELIMITER = re.compile(rb"(?:^|\r\n)--([^\r\n]{1,256}?)[ \t]*\r\n")


@dataclass(frozen=True, slots=True)
class PartHeaders:
    """A part begins. Names are in lower case."""

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Data:
    """The next bytes of the part's body."""

    data: bytes


@dataclass(frozen=True, slots=True)
class EndOfPart:
    """The part is complete: a delimiter follows it, and its Content-Length is right."""


@dataclass(frozen=True, slots=True)
class EndOfBody:
    """The closing delimiter has come; what follows it means nothing."""


Event = PartHeaders | Data | EndOfPart | EndOfBody


class _State(Enum):
    PREAMBLE = auto()
    HEADERS = auto()
    DATA = auto()
    DELIMITER = auto()
    EPILOGUE = auto()


class MultipartParser:
    """
    Args:
        boundary: the parameter of the Content-Type; None takes it from the first line
            that begins with two hyphens.
    """

    def __init__(self, boundary: str | None) -> None:
        if boundary is not None and not 0 < len(boundary) <= _BOUNDARY_LIMIT_BYTES:
            raise Corrupt("The origin's multipart answer has an empty or oversized boundary.")
        self._boundary = None if boundary is None else boundary.encode("latin-1", "replace")
        self._delimiter = b""  # as it stands between parts; known after the first one
        self._buffer = bytearray()
        self._state = _State.PREAMBLE
        self._remaining_bytes: int | None = None

    def feed(self, data: bytes) -> Iterator[Event]:
        """What `data` means; to be exhausted before the next call.

        Raises:
            errors.Corrupt: it is no multipart body.
        """
        if self._state is _State.DATA and len(data) > len(self._delimiter):
            data, passed = self._pass_through(data)
            yield from passed
        if self._state is _State.EPILOGUE:
            return
        self._buffer += data
        while (events := self._step()) is not None:
            yield from events

    def _pass_through(self, data: bytes) -> tuple[bytes, list[Event]]:
        """What of `data` is left, and what passes without going through the buffer: pixel data
        are most of what comes, and each copy of them costs as much as reading them.
        """
        if self._remaining_bytes is not None:
            if self._buffer:
                return data, []
            data, passed = data[self._remaining_bytes :], data[: self._remaining_bytes]
            self._remaining_bytes -= len(passed)
            return data, [Data(passed)] if passed else []
        # A delimiter may have begun at the end of what came before.
        within = len(self._delimiter) - 1
        held = bytes(self._buffer)
        if len(held) > within or self._delimiter in held + data[:within]:
            return data, []
        at = data.find(self._delimiter)
        end = len(data) - within if at < 0 else at
        self._buffer.clear()
        return data[end:], [Data(piece) for piece in (held, data[:end]) if piece]

    def finish(self) -> None:
        """Says that no more bytes come.

        Raises:
            errors.Corrupt: the closing delimiter is missing.
        """
        if self._state is not _State.EPILOGUE:
            raise Corrupt(
                "The origin's multipart answer ended before its closing delimiter, "
                "so bytes are missing: load the image again."
            )

    def _step(self) -> tuple[Event, ...] | None:
        """Consume one thing from the buffer; None when that takes more bytes."""
        if self._state is _State.PREAMBLE:
            return self._skip_preamble()
        if self._state is _State.HEADERS:
            return self._read_headers()
        if self._state is _State.DATA:
            return self._read_data()
        if self._state is _State.DELIMITER:
            return self._read_delimiter()
        return None

    def _skip_preamble(self) -> tuple[Event, ...] | None:
        found = _first_delimiter(self._buffer, self._boundary)
        if found is None:
            self._wait(_PREAMBLE_LIMIT_BYTES, "has no boundary line")
            return None
        boundary, end = found
        self._delimiter = b"\r\n--" + boundary
        # The delimiter's end is read by the state that knows how it may end.
        del self._buffer[:end]
        self._state = _State.DELIMITER
        return ()

    def _read_delimiter(self) -> tuple[Event, ...] | None:
        ended = _DelimiterEnd.of(self._buffer)
        if ended is None:
            self._wait(_PADDING_LIMIT_BYTES, "has an endless delimiter")
            return None
        del self._buffer[: ended.length]
        self._state = _State.EPILOGUE if ended.closing else _State.HEADERS
        if not ended.closing:
            return ()
        self._buffer.clear()
        return (EndOfBody(),)

    def _read_headers(self) -> tuple[Event, ...] | None:
        # A part without any header begins with the empty line at once.
        if self._buffer.startswith(b"\r\n"):
            block, length = b"", 2
        else:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                self._wait(_HEADER_LIMIT_BYTES, "has endless part headers")
                return None
            block, length = bytes(self._buffer[:end]), end + 4
        del self._buffer[:length]
        headers = _parse_headers(block)
        self._remaining_bytes = content_length(headers)
        self._state = _State.DATA
        return (PartHeaders(headers),)

    def _read_data(self) -> tuple[Event, ...] | None:
        if self._remaining_bytes is None:
            return self._read_data_up_to_delimiter()
        if self._remaining_bytes == 0:
            return self._end_counted_data()
        data = self._take(self._remaining_bytes)
        self._remaining_bytes -= len(data)
        return (Data(data),) if data else None

    def _end_counted_data(self) -> tuple[Event, ...] | None:
        if len(self._buffer) < len(self._delimiter):
            return None
        if not self._buffer.startswith(self._delimiter):
            raise Corrupt(
                "The Content-Length of a part of the origin's multipart answer does not lead "
                "to a delimiter, so the bytes cannot be trusted: load the image again."
            )
        return self._end_part()

    def _read_data_up_to_delimiter(self) -> tuple[Event, ...] | None:
        at = self._buffer.find(self._delimiter)
        if at < 0:
            # The last bytes may be the beginning of a delimiter.
            data = self._take(max(0, len(self._buffer) - len(self._delimiter) + 1))
            return (Data(data),) if data else None
        if at > 0:
            return (Data(self._take(at)),)
        rest = self._buffer[len(self._delimiter) : len(self._delimiter) + _PADDING_LIMIT_BYTES]
        if _DelimiterEnd.of(rest) is not None:
            return self._end_part()
        if _DelimiterEnd.possible(rest):
            return None
        # These bytes only begin like a delimiter.
        return (Data(self._take(len(self._delimiter))),)

    def _end_part(self) -> tuple[Event, ...]:
        del self._buffer[: len(self._delimiter)]
        self._remaining_bytes = None
        self._state = _State.DELIMITER
        return (EndOfPart(),)

    def _take(self, size_bytes: int) -> bytes:
        with memoryview(self._buffer) as view:
            data = bytes(view[:size_bytes])
        del self._buffer[:size_bytes]
        return data

    def _wait(self, limit_bytes: int, problem: str) -> None:
        if len(self._buffer) > limit_bytes:
            raise Corrupt(
                f"The origin's answer is labelled multipart but {problem}: "
                "check what answers at the origin's address."
            )


@dataclass(frozen=True, slots=True)
class _DelimiterEnd:
    """What follows a boundary: two hyphens close the body, a line end opens a part."""

    length: int
    closing: bool

    @classmethod
    def of(cls, text: bytes | bytearray) -> _DelimiterEnd | None:
        if text.startswith(b"--"):
            return cls(2, closing=True)
        padding = len(text) - len(text.lstrip(b" \t"))
        if text[padding : padding + 2] == b"\r\n":
            return cls(padding + 2, closing=False)
        return None

    @staticmethod
    def possible(text: bytes | bytearray) -> bool:
        """Whether more bytes could make it one."""
        if len(text) >= _PADDING_LIMIT_BYTES:
            return False
        return text in (b"", b"-") or text.lstrip(b" \t") in (b"", b"\r")


def _first_delimiter(body: bytearray, boundary: bytes | None) -> tuple[bytes, int] | None:
    """The boundary, and where its first occurrence at the beginning of a line ends."""
    if boundary is None:
        found = _ANY_FIRST_DELIMITER.search(body)
        return None if found is None else (found[1], found.end(1))
    # Not by a pattern: most servers take another boundary each time, and a pattern would take
    # longer to be made than the answer takes to be read.
    ends = _ends_of_lines(body, b"--" + boundary)
    of_delimiters = (
        end for end in ends if _DelimiterEnd.of(body[end : end + _PADDING_LIMIT_BYTES])
    )
    end = next(of_delimiters, None)
    return None if end is None else (boundary, end)


def _ends_of_lines(body: bytearray, beginning: bytes) -> Iterator[int]:
    """Where this ends at the beginning of each line that begins with it."""
    if body.startswith(beginning):
        yield len(beginning)
    at = body.find(b"\r\n" + beginning)
    while at >= 0:
        yield at + len(b"\r\n" + beginning)
        at = body.find(b"\r\n" + beginning, at + 1)


def content_length(headers: Mapping[str, str]) -> int | None:
    """The field's value; None when it is missing or no number."""
    text = headers.get("content-length", "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _parse_headers(block: bytes) -> dict[str, str]:
    # A line that begins with white space continues the one before (RFC 5322 section 2.2.3).
    text = re.sub(r"\r\n[ \t]+", " ", block.decode("latin-1"))
    fields = (line.partition(":") for line in text.split("\r\n"))
    return {name.strip().lower(): value.strip() for name, _, value in fields if name.strip()}
