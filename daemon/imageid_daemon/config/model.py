"""The settings as the daemon's parts receive them: frozen, typed, units in the names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Server:
    """Where the daemon listens.

    Args:
        listen: gRPC addresses, each `unix:PATH` or `HOST:PORT` with a loopback host.
        http: `HOST:PORT` of the HTTP door (metrics, health); None where it is off.
    """

    listen: tuple[str, ...]
    http: str | None


@dataclass(frozen=True, slots=True)
class MinFree:
    """Space that the cache leaves free on its disk: a share of it, or an amount."""

    percent: float | None = None
    amount_bytes: int | None = None

    def floor_bytes(self, disk_bytes: int) -> int:
        """Say what must stay free on a disk of this size."""
        if self.percent is None:
            return self.amount_bytes or 0
        return int(disk_bytes * self.percent / 100)


@dataclass(frozen=True, slots=True)
class Cache:
    """The disk cache.

    Args:
        max_image_bytes: the largest body that is accepted from an origin.
        max_item_bytes: the largest body that is stored.
        keep_partial_seconds: that the beginning of a body that broke off is kept.
        partial_share: of the size that such beginnings may take, from 0 to 1.
        verify: off, sampled or full; what is compared with its checksums on reading.
        durable: flush a blob to the disk before its entry is written.
    """

    directory: Path
    size_bytes: int
    min_free: MinFree
    max_image_bytes: int
    max_item_bytes: int
    keep_partial_seconds: float
    partial_share: float
    verify: str
    durable: bool


@dataclass(frozen=True, slots=True)
class Abandoned:
    """When a fetch that nobody waits for is finished.

    Args:
        missing_bytes: when no more is missing.
        done_share: or when so much is done, from 0 to 1.
        seconds: that it may take.
    """

    missing_bytes: int
    done_share: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Decode:
    """The worker processes.

    Args:
        workers: how many at most; None is one for each processor.
        memory_bytes: of each.
        timeout_seconds: of processor time, for one image.
    """

    workers: int | None
    memory_bytes: int
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class Network:
    """Hosts that network schemes may reach besides the configured origins."""

    allow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Log:
    """How the daemon logs; `format` is auto, json or console."""

    level: str = "info"
    format: str = "auto"


@dataclass(frozen=True, slots=True)
class HeaderSetting:
    """A field that goes with every request to an origin.

    Args:
        value: None where it stands in `file`, or in the environment variable.
    """

    name: str
    value: str | None = field(default=None, repr=False)
    file: Path | None = None
    variable: str | None = None


@dataclass(frozen=True, slots=True)
class OriginSettings:
    """One `[origins.NAME]`. Says where secrets are; holds none but what `headers` may be.

    Args:
        url: the DICOMweb root, without a slash at its end.
        wado_uri: the WADO-URI endpoint, without a slash at its end.
        password_env: name of an environment variable; so are `token_env` and
            `client_secret_env`.
        token_endpoint: of OAuth 2, that gives tokens to `client_id` and its secret.
        refresh_token_file: stands for a user's consent, in place of the client's own right;
            rewritten when the endpoint gives another.
        client_key: of the certificate; None where it stands in the same file.
        ca_file: authorities that are trusted besides the system's.
        proxy: `http://HOST:PORT`.
        http2: where it offers it; https only.
        timeout_seconds: of silence, before the headers or between two reads.
        connections: requests at a time, bodies included.
        rate: requests a second; None is any number.
        retries: after the first try.
        immutable: instances, once fetched, never change under their SOP Instance UID.
        share_public: what it answers to one identity with `Cache-Control: public` may serve
            others.
    """

    name: str
    url: str
    wado_uri: str | None = None
    user: str | None = None
    password_file: Path | None = None
    password_env: str | None = None
    token_file: Path | None = None
    token_env: str | None = None
    token_endpoint: str | None = None
    client_id: str | None = None
    client_secret_file: Path | None = None
    client_secret_env: str | None = None
    refresh_token_file: Path | None = None
    scopes: tuple[str, ...] = ()
    client_certificate: Path | None = None
    client_key: Path | None = None
    ca_file: Path | None = None
    headers: tuple[HeaderSetting, ...] = ()
    proxy: str | None = None
    http2: bool = True
    timeout_seconds: float = 30.0
    connect_timeout_seconds: float = 10.0
    connections: int = 8
    rate: float | None = None
    retries: int = 3
    immutable: bool = False
    share_public: bool = False


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the daemon is told; `loaders` holds the tables `[loaders.*]` as written."""

    server: Server
    cache: Cache
    fills: Abandoned
    decode: Decode
    network: Network
    log: Log
    loaders: Mapping[str, Mapping[str, object]]
    origins: Mapping[str, OriginSettings]
    runtime_directory: Path
