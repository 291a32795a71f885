"""The settings as the daemon's parts receive them: frozen, typed, units in the names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
        durable: flush a blob to the disk before its entry is written.
    """

    directory: Path
    size_bytes: int
    min_free: MinFree
    max_image_bytes: int
    durable: bool


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
class OriginSettings:
    """One `[origins.NAME]`. Says where secrets are, never holds one.

    Args:
        url: the DICOMweb root, without a slash at its end.
        wado_uri: the WADO-URI endpoint, without a slash at its end.
        password_env: name of an environment variable; so is `token_env`.
        timeout_seconds: of silence, before the headers or between two reads.
        connections: requests at a time, bodies included.
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
    timeout_seconds: float = 30.0
    connect_timeout_seconds: float = 10.0
    connections: int = 8
    retries: int = 3
    immutable: bool = False
    share_public: bool = False


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the daemon is told; `loaders` holds the tables `[loaders.*]` as written."""

    server: Server
    cache: Cache
    network: Network
    log: Log
    loaders: Mapping[str, Mapping[str, object]]
    origins: Mapping[str, OriginSettings]
    runtime_directory: Path
