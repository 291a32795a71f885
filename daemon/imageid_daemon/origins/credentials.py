"""The secrets of configured origins, and the header that shows them to their owner alone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path

from imageid_daemon.config import OriginSettings
from imageid_loaders.errors import Unauthenticated


class Credentials:
    """Makes the Authorization field of an origin.

    A secret in a file is read again when the file changes, so that a token can be
    renewed while the daemon runs.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._read: dict[Path, tuple[tuple[int, int, int], str]] = {}

    def authorization(self, origin: OriginSettings | None) -> str | None:
        """Give the field's value, None for an origin without credentials. Reads a file.

        Raises:
            Unauthenticated: the secret is gone, or cannot be a header.
        """
        if origin is None:
            return None
        if origin.token_file or origin.token_env:
            return f"Bearer {self._secret(origin, origin.token_file, origin.token_env)}"
        if origin.user is None:
            return None
        password = self._secret(origin, origin.password_file, origin.password_env)
        pair = f"{origin.user}:{password}".encode()
        return "Basic " + base64.b64encode(pair).decode("ascii")

    def _secret(self, origin: OriginSettings, file: Path | None, variable: str | None) -> str:
        try:
            secret = self._from_file(file) if file else self._environ.get(variable or "", "")
        except (OSError, UnicodeDecodeError):
            secret = ""
        if not secret or not secret.isprintable():
            raise Unauthenticated(
                f"the secret of origin {origin.name} cannot be read, is empty or has more than"
                " one line; check its password or token setting"
            )
        return secret

    def _from_file(self, file: Path) -> str:
        status = file.stat()
        version = (status.st_mtime_ns, status.st_size, status.st_ino)
        known = self._read.get(file)
        if known is None or known[0] != version:
            known = self._read[file] = (version, file.read_text("utf-8").rstrip("\r\n"))
        return known[1]


def scope(origin: OriginSettings | None) -> str:
    """Name who is asking, for the cache key: what one user may see, another may not.

    Returns:
        "" without credentials, else a short digest of origin and user. The secret is not
        in it: a new password must not empty the cache, nor the key give the secret away.
    """
    if origin is None:
        return ""
    if origin.token_file or origin.token_env:
        who = "token"
    elif origin.user is not None:
        who = f"user {origin.user}"
    else:
        return ""
    return hashlib.sha256(f"{origin.name}\0{who}".encode()).hexdigest()[:16]
