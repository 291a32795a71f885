"""Cache keys: everything that changes the bytes, and nothing else. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

_VERSION = "1"


def source_key(scope: str, resource_key: str) -> str:
    """Of what an origin delivers.

    Args:
        scope: whose credentials fetch it; one identity's answer never serves another.
    """
    return _digest("source", scope, resource_key)


def variant_key(key: str, nominated: Mapping[str, str | None]) -> str:
    """Of a further answer under a key, for requests that send these fields (Vary)."""
    return _digest("variant", key, *(repr(field) for field in sorted(nominated.items())))


def derived_key(step: str, parents: tuple[str, ...], *options: object) -> str:
    """Of what is made of blobs.

    Args:
        step: what is done with them.
        parents: their digests; a derived representation can never be stale.
    """
    return _digest(step, *parents, *(repr(option) for option in options))


def _digest(*parts: str) -> str:
    pieces = [_VERSION.encode()]
    for part in parts:
        data = part.encode()
        # Lengths keep ("ab", "c") and ("a", "bc") apart.
        pieces += (len(data).to_bytes(8, "little"), data)
    return hashlib.sha256(b"".join(pieces)).hexdigest()
