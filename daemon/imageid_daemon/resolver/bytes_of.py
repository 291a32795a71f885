"""A whole body in memory, for documents."""

from __future__ import annotations

from imageid_daemon.cache import Entry
from imageid_daemon.resolver.answer import Answer
from imageid_loaders.errors import TooLarge

_DOCUMENT_LIMIT_BYTES = 512 * 1024 * 1024


async def bytes_of(answer: Answer) -> bytes:
    """Read it all.

    Raises:
        ImageError: the body breaks off, or is larger than a document can be.
    """
    entry = await answer.whole()
    check_document(entry)
    parts: list[bytes] = []
    offset = 0
    while part := await answer.body.read(offset, entry.size_bytes):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def check_document(entry: Entry) -> None:
    """Refuse a document that is larger than one can be.

    Raises:
        TooLarge: it is.
    """
    if entry.size_bytes > _DOCUMENT_LIMIT_BYTES:
        raise TooLarge("The origin's metadata document is larger than 512 MiB.")
