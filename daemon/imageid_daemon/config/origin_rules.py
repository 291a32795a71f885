"""What must hold for the configured origins, taken together with their secrets."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from imageid_daemon.config.model import OriginSettings

# It is the host in wadors://NAME/…
_NAME = re.compile(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?")


def problems(origins: Iterable[OriginSettings], environ: Mapping[str, str]) -> Iterator[str]:
    """Name everything that keeps an origin from working."""
    owners: dict[str, str] = {}
    for origin in origins:
        where = f"origins.{origin.name}"
        if not _NAME.fullmatch(origin.name):
            yield f"{where}: a name has lower-case letters, digits, - and _ only"
        for url in {origin.url, origin.wado_uri or ""} - {""}:
            if (owner := owners.setdefault(url, origin.name)) != origin.name:
                yield f"{where}: has a URL that origins.{owner} has too; which credentials count?"
        yield from _credential_problems(where, origin)
        yield from _secret_problems(where, origin, environ)


def _credential_problems(where: str, origin: OriginSettings) -> Iterator[str]:
    passwords = [origin.password_file, origin.password_env].count(None)
    tokens = [origin.token_file, origin.token_env].count(None)
    if passwords == 0:
        yield f"{where}: has password_file and password_env; keep one"
    if tokens == 0:
        yield f"{where}: has token_file and token_env; keep one"
    if tokens < 2 and (origin.user or passwords < 2):
        yield f"{where}: has a token and a user or password; keep one of the two"
    elif origin.user and passwords == 2:
        yield f"{where}.user: needs password_file or password_env"
    elif passwords < 2 and not origin.user:
        yield f"{where}: has a password but no user"
    if origin.user and ":" in origin.user:
        yield f"{where}.user: basic authentication allows no colon in a user (RFC 7617)"


def _secret_problems(
    where: str, origin: OriginSettings, environ: Mapping[str, str]
) -> Iterator[str]:
    for key, file in (("password_file", origin.password_file), ("token_file", origin.token_file)):
        if file is not None and (problem := _file_problem(file)):
            yield f"{where}.{key}: {problem}"
    for key, name in (("password_env", origin.password_env), ("token_env", origin.token_env)):
        if name is not None and not environ.get(name):
            yield f"{where}.{key}: the environment variable {name} is not set"


def _file_problem(file: Path) -> str | None:
    try:
        status = file.stat()
    except OSError as error:
        return f"{file} cannot be read: {error.strerror}"
    if not stat.S_ISREG(status.st_mode):
        return f"{file} is not a regular file"
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode = stat.S_IMODE(status.st_mode)
        return f"{file} is open to other users (mode {mode:04o}); run: chmod 600 {file}"
    if not os.access(file, os.R_OK):
        return f"{file} cannot be read by this user"
    return None
