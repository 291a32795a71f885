"""Where the daemon listens: an argument, IMAGEID_ENDPOINT, or the daemon's endpoint.json."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import grpc

from imageid._errors import Error
from imageid._version import __version__


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A daemon's address, and what its endpoint.json says of it.

    Args:
        address: "unix:PATH" or "HOST:PORT".
        token: sent as bearer token; a unix socket needs none.
        pid: of the daemon, None when there is no endpoint.json.
        version: of the daemon, likewise.
        locality_token_file: what proves that this program sees the daemon's files, likewise.
    """

    address: str
    token: str | None = None
    pid: int | None = None
    version: str | None = None
    locality_token_file: str | None = None

    def unavailable(self, why: str) -> Error:
        """What to say when nobody answers at this address."""
        process = _describe_process(self.pid)
        return _daemon_unavailable(
            f"No imageid daemon answers at {self.address}: {why}. {process}"
            "Start one with `imageidd`, or name a running one with IMAGEID_ENDPOINT."
        )


def find(target: str | None, token: str | None, environ: Mapping[str, str]) -> Endpoint:
    """Find the daemon.

    Args:
        target: an address, or the path of an endpoint.json; None asks IMAGEID_ENDPOINT,
            then the runtime directory.
        token: instead of the one that endpoint.json names.

    Raises:
        Error: DAEMON_UNAVAILABLE, there is no endpoint.json; ENDPOINT_INVALID, it or the
            address cannot be read.
    """
    target = target or environ.get("IMAGEID_ENDPOINT")
    own_file = runtime_directory(environ) / "endpoint.json"
    if target is None:
        return _from_file(own_file, token)
    if target.endswith(".json"):
        return _from_file(Path(target), token)
    return _from_address(target, token, own_file)


def runtime_directory(environ: Mapping[str, str]) -> Path:
    """Where a daemon of this user writes endpoint.json."""
    if chosen := environ.get("IMAGEID_RUNTIME_DIR"):
        return Path(chosen).expanduser()
    if session := environ.get("XDG_RUNTIME_DIR"):
        return Path(session) / "imageid"
    return _cache_directory(environ) / "run"


def warn_of_other_version(endpoint: Endpoint) -> None:
    """Say once a program that its client and the daemon are not of one version."""
    if endpoint.version not in (None, __version__):
        warnings.warn(
            f"imageid {__version__} talks to a daemon of version {endpoint.version}: "
            "upgrade the older of the two if something is missing",
            stacklevel=3,
        )


def _from_address(address: str, token: str | None, own_file: Path) -> Endpoint:
    """An address that a daemon has written down is known with its token."""
    if not address.startswith("unix:") and not address.rpartition(":")[2].isdecimal():
        raise Error(
            grpc.StatusCode.INVALID_ARGUMENT,
            "ENDPOINT_INVALID",
            f"Cannot read the daemon's address {address!r}: write unix:PATH, HOST:PORT, or "
            "the path of an endpoint.json.",
        )
    if token is None:
        for file in (*_beside(address), own_file):
            if file.is_file() and address in _addresses(described := _read(file)):
                return _endpoint(address, described, None)
    return Endpoint(address, token)


def _beside(address: str) -> list[Path]:
    """The file that a daemon has written next to its socket."""
    scheme, _, path = address.partition(":")
    return [Path(path).with_name("endpoint.json")] if scheme == "unix" and path else []


def _from_file(path: Path, token: str | None) -> Endpoint:
    described = _read(path)
    return _endpoint(_preferred(_addresses(described), path), described, token)


def _read(path: Path) -> dict[str, object]:
    try:
        described = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise _daemon_unavailable(
            f"No imageid daemon is running: there is no {path}. Start one with `imageidd`, "
            "or name a running one with IMAGEID_ENDPOINT."
        ) from None
    except (OSError, ValueError) as error:
        raise _invalid(path, str(error)) from error
    if not isinstance(described, dict):
        raise _invalid(path, "it holds no JSON object")
    return described


def _addresses(described: Mapping[str, object]) -> list[str]:
    listen = described.get("listen")
    return [str(address) for address in listen] if isinstance(listen, list) else []


def _preferred(addresses: list[str], path: Path) -> str:
    """A unix socket before TCP: it needs no token. gRPC for Python has none on Windows."""
    usable = [a for a in addresses if sys.platform != "win32" or not a.startswith("unix:")]
    if not usable:
        raise _invalid(path, "it names no address that this system can reach")
    return min(usable, key=lambda address: not address.startswith("unix:"))


def _endpoint(address: str, described: Mapping[str, object], token: str | None) -> Endpoint:
    pid, version = described.get("pid"), described.get("version")
    token_file, locality = described.get("token_file"), described.get("locality_token_file")
    if token is None and isinstance(token_file, str) and not address.startswith("unix:"):
        token = _read_token(Path(token_file))
    return Endpoint(
        address,
        token,
        pid if isinstance(pid, int) else None,
        version if isinstance(version, str) else None,
        locality if isinstance(locality, str) else None,
    )


def _read_token(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, ValueError) as error:
        raise _invalid(path, f"{error}; it is readable for the daemon's own user only") from error


def _describe_process(pid: int | None) -> str:
    # On Windows os.kill ends the process whatever the signal.
    if pid is None or sys.platform == "win32":
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return f"Its process {pid} is gone. "
    except PermissionError:
        return f"Its process {pid} belongs to another user. "
    return f"Its process {pid} is there: it may be starting, stopping, or stuck. "


def _cache_directory(environ: Mapping[str, str]) -> Path:
    """Where the daemon, by platformdirs, keeps its cache."""
    if sys.platform == "win32":
        local = environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        return Path(local) / "imageid" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "imageid"
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "imageid"


def _daemon_unavailable(detail: str) -> Error:
    return Error(grpc.StatusCode.UNAVAILABLE, "DAEMON_UNAVAILABLE", detail)


def _invalid(path: Path, why: str) -> Error:
    return Error(
        grpc.StatusCode.FAILED_PRECONDITION,
        "ENDPOINT_INVALID",
        f"Cannot use {path}: {why}. Restart the daemon, which writes it anew.",
    )
