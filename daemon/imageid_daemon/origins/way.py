"""The way to an origin: through a proxy or not, with whose certificates, by which HTTP."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imageid_daemon.config import OriginSettings
from imageid_daemon.origins.credentials import Version, file_version
from imageid_loaders.errors import Unauthenticated


@dataclass(frozen=True, slots=True)
class Way:
    """What connections to different servers may not share.

    A connection that was opened with a client's certificate speaks for that client; so
    origins on one server share none unless all of this is the same.

    Args:
        http2: https servers may choose it.
    """

    ca_file: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None
    proxy: str | None = None
    http2: bool = True


DIRECT = Way()


def way_to(origin: OriginSettings | None) -> Way:
    if origin is None:
        return DIRECT
    return Way(
        origin.ca_file, origin.client_certificate, origin.client_key, origin.proxy, origin.http2
    )


class Trust:
    """The TLS settings of one way. Its methods read files: not on the event loop.

    Args:
        ssl_context: makes what trusts the system's authorities.
    """

    def __init__(self, way: Way, ssl_context: Callable[[], ssl.SSLContext]) -> None:
        self._way = way
        self._version: tuple[Version, ...] | None = None
        self.context = ssl_context()
        if way.ca_file is not None:
            try:
                self.context.load_verify_locations(way.ca_file)
            except OSError as error:
                raise Unauthenticated(
                    "the ca_file of the origin cannot be read any more; check it"
                ) from error

    def renew(self) -> None:
        """Show the certificate as it is in its file now; new connections get it.

        Raises:
            Unauthenticated: it cannot be read, or its key does not belong to it.
        """
        certificate, key = self._way.client_certificate, self._way.client_key
        if certificate is None:
            return
        try:
            version = tuple(file_version(file) for file in (certificate, key) if file)
            if version != self._version:
                self.context.load_cert_chain(certificate, key, password="")
                self._version = version
        except (OSError, ValueError) as error:
            raise Unauthenticated(
                "the client_certificate of the origin, or its key, cannot be read, or they do not"
                " belong together; check them"
            ) from error
