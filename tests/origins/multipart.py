"""multipart/related bodies as DICOMweb servers send them (PS3.18 8.6.1.2, RFC 2046 5.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

BOUNDARY = "a-boundary-of-the-test-origin"


@dataclass(frozen=True, slots=True)
class Part:
    content: bytes
    content_type: str
    location: str | None = None

    def encoded(self) -> bytes:
        head = f"Content-Type: {self.content_type}\r\nContent-Length: {len(self.content)}\r\n"
        if self.location is not None:
            head += f"Content-Location: {self.location}\r\n"
        return head.encode("ascii") + b"\r\n" + self.content


def multipart_body(parts: Iterable[Part], boundary: str = BOUNDARY) -> bytes:
    delimiter = f"--{boundary}\r\n".encode("ascii")
    closing = f"--{boundary}--\r\n".encode("ascii")
    return b"".join(delimiter + part.encoded() + b"\r\n" for part in parts) + closing


def multipart_type(part_type: str, boundary: str = BOUNDARY) -> str:
    return f'multipart/related; type="{part_type}"; boundary={boundary}'
