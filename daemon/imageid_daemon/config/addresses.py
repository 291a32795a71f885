"""How addresses are written: where to listen, what an origin's URL is, which hosts to allow."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from imageid_daemon.config import values

# sockaddr_un.sun_path has 108 bytes on Linux, the last one a zero.
SOCKET_PATH_BYTES = 107
ANY = "any"
_LABELS = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")


@dataclass(frozen=True, slots=True)
class HostPattern:
    """One entry of `network.allow`.

    Args:
        host: lower case, an IPv6 address without brackets; `*.example` stands for every
            name below `example`.
        ports: None means every port.
    """

    host: str
    ports: frozenset[int] | None


def host_pattern(pattern: str) -> HostPattern:
    """Read `HOST`, `HOST:PORT`, `HOST:*`, `*.DOMAIN…` or `[IPV6]…`; without a port: 80 and 443."""
    host, port = _split_port(pattern.strip().lower())
    if host == "*":
        raise ValueError(f'{pattern!r} would allow every host; to mean that, write "{ANY}"')
    if not _is_host(host.removeprefix("*.")):
        raise ValueError(
            f"{pattern!r} is not a host like pacs.example:8042, *.example or 10.0.0.5:*"
        )
    if port == "*":
        return HostPattern(host, None)
    return HostPattern(host, frozenset({80, 443}) if port is None else frozenset({_port(port, 1)}))


def allow_list(value: object) -> tuple[str, ...]:
    """Read the allow-list; every entry is checked."""
    patterns = values.texts(value)
    for pattern in patterns:
        if pattern.lower() != ANY:
            host_pattern(pattern)
    return patterns


def listen(value: object) -> tuple[str, ...]:
    """Read one or more of `unix:PATH` and `HOST:PORT`."""
    addresses = tuple(_listen_address(address) for address in values.texts(value))
    if not addresses:
        raise ValueError("at least one address is needed, like unix:PATH or 127.0.0.1:8474")
    return addresses


def http(value: object) -> str | None:
    """Read `HOST:PORT`, or nothing for off."""
    if value == "":
        return None
    return _loopback(values.text(value))


def origin_url(value: object) -> str:
    """Read an http(s) URL without a slash at its end. It is never repeated: it may hold secrets."""
    url = values.text(value) if isinstance(value, str) else ""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or re.search(r"[\s\\\x00-\x1f]", url):
        raise ValueError("this is not a URL like https://pacs.example/dicom-web")
    if "@" in parts.netloc:
        raise ValueError(
            "a URL must not hold credentials; use user with password_file, or token_file"
        )
    if parts.query or parts.fragment:
        raise ValueError("a URL of an origin has neither a query nor a fragment")
    return url.rstrip("/")


def token_endpoint(value: object) -> str:
    """Read the URL of a token endpoint: https, except on this machine (RFC 6749 section 3.2)."""
    url = origin_url(value)
    parts = urlsplit(url)
    if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
        raise ValueError("a token endpoint needs https: secrets go there")
    return url


def proxy(value: object) -> str:
    """Read `http://HOST:PORT`. It is never repeated: it may hold a password."""
    try:
        url = origin_url(value)
    except ValueError:
        raise ValueError(
            "this is not a proxy like http://proxy.example:3128; it cannot have a password"
        ) from None
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.path or parts.port is None:
        raise ValueError("this is not a proxy like http://proxy.example:3128")
    return url


def _listen_address(address: str) -> str:
    if not address.startswith("unix:"):
        return _loopback(address)
    path = os.path.expanduser(address.removeprefix("unix:"))  # noqa: PTH111 - keeps bytes as written
    if not path.startswith("/"):
        raise ValueError(f"{address!r} needs an absolute path, like unix:/run/imageid/grpc.sock")
    length = len(os.fsencode(path))
    if length > SOCKET_PATH_BYTES:
        raise ValueError(
            f"the socket path has {length} bytes and the system allows {SOCKET_PATH_BYTES}: {path};"
            " choose a shorter one, or a shorter runtime directory (IMAGEID_RUNTIME_DIR)"
        )
    return f"unix:{path}"


def _loopback(address: str) -> str:
    host, port = _split_port(address.lower())
    if port is None:
        raise ValueError(f"{address!r} is not an address like 127.0.0.1:8474")
    number = _port(port, 0)
    if not _is_loopback(host):
        raise ValueError(
            f"{address!r} is not a loopback address; the daemon serves this machine only:"
            f" write 127.0.0.1:{number} or [::1]:{number}"
        )
    return f"[{host}]:{number}" if ":" in host else f"{host}:{number}"


def _split_port(address: str) -> tuple[str, str | None]:
    if address.startswith("["):
        host, bracket, rest = address[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(f"{address!r} is not an address like [::1]:8474")
        return host, rest[1:] if rest else None
    host, colon, port = address.partition(":")
    return host, port if colon else None


def _port(port: str, lowest: int) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", port) or not lowest <= int(port) <= 65535:
        raise ValueError(f"{port!r} is not a port from {lowest} to 65535")
    return int(port)


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _LABELS.fullmatch(host) is not None
    return True


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
