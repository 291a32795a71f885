"""What becomes of a fill that its last caller has left."""

from __future__ import annotations

_WORTH_FINISHING_BYTES = 1024 * 1024
_WORTH_FINISHING_SHARE = 0.9


def worth_finishing(received_bytes: int, size_bytes: int | None) -> bool:
    """Whether to fetch the rest although nobody waits for it.

    Like Squid's quick_abort: when little is missing, fetching it again later costs more.
    """
    if size_bytes is None or received_bytes == 0:
        return False
    missing_bytes = size_bytes - received_bytes
    return (
        missing_bytes <= _WORTH_FINISHING_BYTES
        or received_bytes >= _WORTH_FINISHING_SHARE * size_bytes
    )
