"""What a URL addresses, read once: what is checked is what is connected to.

Two readings of one URL (one by the check, another by the connection) are how allow-lists
are got around; so everything in this room works on a `Target` and never on a URL again.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from imageid_loaders.errors import InvalidImageId

_DEFAULT_PORTS = {"http": 80, "https": 443}
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
_OUTSIDE_TARGET = re.compile(rb"[^\x21-\x7e]")


@dataclass(frozen=True, slots=True)
class Target:
    """One http(s) URL.

    Args:
        host: lower case, in IDNA form, an IPv6 address without brackets, no final dot.
        path: as written, "/" where there is none.
        request_target: path and query byte for byte as written (RFC 9112 section 3.2.1);
            only what HTTP cannot carry (spaces, non-ASCII) is percent-encoded.
        url: as written; for joining a Location to it, never for the log.
    """

    scheme: str
    host: str
    port: int
    path: str
    request_target: bytes
    url: str

    @property
    def server(self) -> tuple[str, str, int]:
        """Scheme, host and port: what RFC 6454 calls the origin."""
        return self.scheme, self.host, self.port

    @property
    def label(self) -> str:
        """Host and port, for messages."""
        return f"{self._bracketed}:{self.port}"

    @property
    def authority(self) -> bytes:
        """The Host field; the scheme's own port is left out (RFC 9110 section 4.2.3)."""
        is_default = self.port == _DEFAULT_PORTS[self.scheme]
        return (self._bracketed if is_default else self.label).encode("ascii")

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    def is_below(self, root: Target) -> bool:
        """Say whether this is `root` itself or lies under it, at a `/` of the path.

        A path with dot segments is below nothing: the server may read it as another.
        """
        prefix = root.path.rstrip("/")
        at_boundary = self.path == prefix or self.path.startswith(prefix + "/")
        has_dots = not {".", ".."}.isdisjoint(unquote(self.path).split("/"))
        return self.server == root.server and at_boundary and not has_dots


def target(url: str) -> Target:
    """Read a URL.

    Raises:
        InvalidImageId: it is not http(s), or could be read in two ways.
    """
    if _CONTROL.search(url):
        raise InvalidImageId("the URL holds a control character or a backslash; remove it")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _host(parts.hostname or "")
    except ValueError:
        raise InvalidImageId("the URL has no valid host and port; correct it") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise InvalidImageId("only http and https URLs can be fetched; correct the URL")
    if "@" in parts.netloc:
        raise InvalidImageId(
            "a URL must not hold a user or password; configure them as an origin instead"
        )
    if port == 0:
        raise InvalidImageId("port 0 cannot be connected to; correct the URL")
    path = parts.path or "/"
    return Target(
        scheme=parts.scheme,
        host=host,
        port=_DEFAULT_PORTS[parts.scheme] if port is None else port,
        path=path,
        request_target=_request_target(url, path),
        url=url,
    )


def joined(base: Target, location: str) -> Target:
    """Resolve a Location against what was asked for (RFC 9110 section 10.2.2)."""
    return target(urljoin(base.url, location))


def _host(name: str) -> str:
    if ":" in name:
        if "%" in name:
            raise ValueError("a zone is meaningful on one machine only")
        return ipaddress.IPv6Address(name).compressed
    host = name.encode("idna").decode("ascii").lower() if not name.isascii() else name
    if not _NAME.fullmatch(host):
        raise ValueError("not a host")
    return host.removesuffix(".")


def _request_target(url: str, path: str) -> bytes:
    # Cut out of the URL as it stands: urlsplit().query would drop an empty "?".
    after_authority = re.sub(r"^[^:]*://[^/?#]*", "", url.partition("#")[0])
    whole = after_authority if after_authority.startswith("/") else path + after_authority
    return _OUTSIDE_TARGET.sub(lambda found: b"%%%02X" % found[0][0], whole.encode("utf-8"))
