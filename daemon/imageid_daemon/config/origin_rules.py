"""What must hold for the configured origins, taken together with their secrets."""

from __future__ import annotations

import os
import re
import ssl
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
        yield from _oauth_problems(where, origin)
        yield from _secret_problems(where, origin, environ)
        yield from _tls_problems(where, origin)


def _credential_problems(where: str, origin: OriginSettings) -> Iterator[str]:
    passwords = [origin.password_file, origin.password_env].count(None)
    tokens = [origin.token_file, origin.token_env].count(None)
    if passwords == 0:
        yield f"{where}: has password_file and password_env; keep one"
    if tokens == 0:
        yield f"{where}: has token_file and token_env; keep one"
    ways = (bool(origin.user) or passwords < 2, tokens < 2, origin.token_endpoint is not None)
    if sum(ways) > 1:
        yield f"{where}: has several of user, token and token_endpoint; keep one"
    elif origin.user and passwords == 2:
        yield f"{where}.user: needs password_file or password_env"
    elif passwords < 2 and not origin.user:
        yield f"{where}: has a password but no user"
    if origin.user and ":" in origin.user:
        yield f"{where}.user: basic authentication allows no colon in a user (RFC 7617)"


def _oauth_problems(where: str, origin: OriginSettings) -> Iterator[str]:
    secrets = [origin.client_secret_file, origin.client_secret_env].count(None)
    if secrets == 0:
        yield f"{where}: has client_secret_file and client_secret_env; keep one"
    if origin.token_endpoint is None:
        if origin.client_id or secrets < 2 or origin.scopes or origin.refresh_token_file:
            yield f"{where}: has settings of OAuth 2 but no token_endpoint"
    elif not origin.client_id:
        yield f"{where}.token_endpoint: needs client_id"
    elif secrets == 2 and not origin.client_certificate and not origin.refresh_token_file:
        yield f"{where}.token_endpoint: needs client_secret_file or client_secret_env"


def _tls_problems(where: str, origin: OriginSettings) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    certificate, key = origin.client_certificate, origin.client_key
    if certificate is None:
        if key is not None:
            yield f"{where}.client_key: needs client_certificate"
    elif problem := _file_problem(key or certificate):
        yield f"{where}.{'client_key' if key else 'client_certificate'}: {problem}"
    else:
        try:
            # Without a password OpenSSL would ask for that of an encrypted key on the terminal.
            context.load_cert_chain(certificate, key, password="")
        except (OSError, ValueError):
            yield (
                f"{where}.client_certificate: there is no certificate with its unencrypted key"
                " in PEM form"
            )
    if origin.ca_file is not None:
        try:
            context.load_verify_locations(origin.ca_file)
        except OSError:
            yield f"{where}.ca_file: {origin.ca_file} holds no certificates in PEM form"


def _secret_problems(
    where: str, origin: OriginSettings, environ: Mapping[str, str]
) -> Iterator[str]:
    files = {
        "password_file": origin.password_file,
        "token_file": origin.token_file,
        "client_secret_file": origin.client_secret_file,
        "refresh_token_file": origin.refresh_token_file,
        **{f"headers.{header.name}": header.file for header in origin.headers},
    }
    for key, file in files.items():
        if file is not None and (problem := _file_problem(file)):
            yield f"{where}.{key}: {problem}"
    variables = {
        "password_env": origin.password_env,
        "token_env": origin.token_env,
        "client_secret_env": origin.client_secret_env,
        **{f"headers.{header.name}": header.variable for header in origin.headers},
    }
    for key, name in variables.items():
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
