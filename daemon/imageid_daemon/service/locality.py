"""Who may be told where a blob's file is: a caller that sees the cache directory itself.

The unix socket alone proves nothing: a container or a tunnel may bring its calls from where
the paths of this host mean something else, or nothing.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from pathlib import Path


def is_by_unix_socket(peer: str) -> bool:
    """Whether a call came by it, from gRPC's name of the connection."""
    return peer.startswith("unix:")


@dataclass(frozen=True, slots=True)
class Locality:
    """The token that proves it, and the file in the cache directory that tells the token."""

    token: bytes
    token_file: Path

    def is_proved(self, given: bytes, peer: str) -> bool:
        return is_by_unix_socket(peer) and hmac.compare_digest(given, self.token)
