"""The secrets of configured origins, and the fields that show them to their owner alone."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from imageid_daemon.config import OriginSettings
from imageid_loaders.errors import Unauthenticated

Version = tuple[int, int, int]


class Credentials:
    """Reads secrets.

    One in a file is read again when the file changes, so that it can be renewed while the
    daemon runs.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._read: dict[Path, tuple[Version, str]] = {}

    def fields(self, origin: OriginSettings) -> dict[str, str]:
        """Give the request fields of an origin but for an OAuth 2 token. Reads files.

        Raises:
            Unauthenticated: a secret is gone, or cannot be a header.
        """
        fields = {
            header.name: header.value or self._secret(origin, header.file, header.variable)
            for header in origin.headers
        }
        if origin.token_file or origin.token_env:
            token = self._secret(origin, origin.token_file, origin.token_env)
            fields["authorization"] = f"Bearer {token}"
        elif origin.user is not None:
            password = self._secret(origin, origin.password_file, origin.password_env)
            fields["authorization"] = basic(origin.user, password)
        return fields

    def refresh_token(self, origin: OriginSettings) -> str | None:
        """Give what stands for a user's consent; None where the client asks in its own right.

        Raises:
            Unauthenticated: it is gone.
        """
        file = origin.refresh_token_file
        return None if file is None else self._secret(origin, file, None)

    def client_secret(self, origin: OriginSettings) -> str | None:
        """Give what the token endpoint is shown; None where the client has none.

        Raises:
            Unauthenticated: it is gone.
        """
        if origin.client_secret_file is None and origin.client_secret_env is None:
            return None
        return self._secret(origin, origin.client_secret_file, origin.client_secret_env)

    def _secret(self, origin: OriginSettings, file: Path | None, variable: str | None) -> str:
        try:
            secret = self._from_file(file) if file else self._environ.get(variable or "", "")
        except (OSError, UnicodeDecodeError):
            secret = ""
        if not secret or not secret.isprintable():
            raise Unauthenticated(
                f"the secret of origin {origin.name} cannot be read, is empty or has more than"
                " one line; check its settings of passwords, tokens, secrets and headers"
            )
        return secret

    def _from_file(self, file: Path) -> str:
        version = file_version(file)
        known = self._read.get(file)
        if known is None or known[0] != version:
            known = self._read[file] = (version, file.read_text("utf-8").rstrip("\r\n"))
        return known[1]


def write_secret(file: Path, secret: str) -> None:
    """Replace a secret in its file; whoever reads it finds the old one or the new one."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mode 0600
    written = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(secret + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        written.replace(file)
    except BaseException:
        written.unlink(missing_ok=True)
        raise


def file_version(file: Path) -> Version:
    """Give what changes when the file does."""
    status = file.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def basic(user: str, password: str) -> str:
    """Make the field of basic authentication (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def scope(origin: OriginSettings | None) -> str:
    """Name who is asking, for the cache key: what one user may see, another may not.

    Returns:
        "" without credentials, else a short digest of origin and user. No secret that is
        kept in a file or variable is in it: a new password must not empty the cache, nor
        the key give the secret away.
    """
    who = "" if origin is None else "\0".join(_who(origin))
    if origin is None or not who:
        return ""
    return hashlib.sha256(f"{origin.name}\0{who}".encode()).hexdigest()[:16]


def _who(origin: OriginSettings) -> list[str]:
    who = []
    if origin.token_file or origin.token_env:
        who.append("token")
    elif origin.user is not None:
        who.append(f"user {origin.user}")
    elif origin.token_endpoint is not None:
        kind = "client" if origin.refresh_token_file is None else "user of client"
        who.append(f"{kind} {origin.client_id} {origin.token_endpoint} {' '.join(origin.scopes)}")
    if origin.client_certificate is not None:
        who.append(f"certificate {origin.client_certificate}")
    # Another value, say of a tenant's name, shows other images.
    who += [f"header {header.name} {header.value or ''}" for header in origin.headers]
    return who
