"""One daemon for one cache and one runtime directory: private folders, locks, endpoint.json."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from imageid_daemon.mounts import network_file_system
from imageid_loaders.errors import ConfigurationError

ENDPOINT_FILE = "endpoint.json"

# https://bford.info/cachedir/ : backups skip a folder that holds this file.
_CACHEDIR_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# The cache of imageidd.\n"


def make_private(directory: Path, setting: str, *, is_cache: bool) -> None:
    """Make a folder that its owner alone can read: images and patients' names are in it.

    Raises:
        ConfigurationError: it cannot be made, or somebody else could read it.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = directory.stat()
        if status.st_uid != os.geteuid():
            raise ConfigurationError(
                f"{setting}: {directory} belongs to another user. Choose a folder of your own."
            )
        if status.st_mode & 0o077:
            _tighten(directory, setting)
        tag = directory / "CACHEDIR.TAG"
        if is_cache and not tag.exists():
            tag.write_text(_CACHEDIR_TAG)
            tag.chmod(0o600)
    except OSError as error:
        raise ConfigurationError(
            f"{setting}: {directory} cannot be used: {error.strerror}. Make it writable for this "
            "user, or choose another folder."
        ) from error


def check_local(directory: Path, setting: str) -> None:
    """Refuse a folder on a network file system.

    Raises:
        ConfigurationError: with the reason.
    """
    kind = network_file_system(directory)
    if kind is not None:
        raise ConfigurationError(
            f"{setting}: {directory} is on a network file system ({kind}), where the locks and the "
            "shared memory of the cache's index do not work. Choose a folder on a local disk."
        )


def _tighten(directory: Path, setting: str) -> None:
    ours = not any(directory.iterdir()) or (directory / "CACHEDIR.TAG").exists()
    if not ours:
        raise ConfigurationError(
            f"{setting}: others may read {directory}, and it holds files that are not the "
            f"daemon's. Run: chmod 700 {directory}"
        )
    directory.chmod(0o700)


@contextmanager
def locked(directory: Path, setting: str) -> Iterator[None]:
    """Hold the folder against a second daemon.

    A second one would take over the unix socket without an error, and two of them would
    delete each other's files.

    Raises:
        ConfigurationError: another daemon holds it; the message says which.
    """
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
            raise ConfigurationError(
                f"{setting}: {directory} is in use by {_named(holder)}. Use that daemon, stop it, "
                "or choose another folder."
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)  # gives the lock back


def _named(pid: str) -> str:
    try:
        process = psutil.Process(int(pid))
        return f"process {pid} ({process.name()} of {process.username()})"
    except (ValueError, psutil.Error):
        return "another daemon"


def new_token(directory: Path) -> tuple[str, Path]:
    """A token for callers by TCP, fresh at every start, and the file that tells it."""
    token, path = secrets.token_urlsafe(32), directory / "token"
    _write(path, token + "\n")
    return token, path


def new_locality_token(directory: Path) -> tuple[bytes, Path]:
    """What only those can tell who read the cache directory, fresh at every start; its file."""
    token, path = secrets.token_urlsafe(32), directory / "locality-token"
    _write(path, token)
    return token.encode(), path


@contextmanager
def announced(
    directory: Path,
    *,
    listen: Sequence[str],
    http: str | None,
    token_file: Path,
    locality_token_file: Path,
    version: str,
) -> Iterator[None]:
    """Tell clients where the daemon is, while it is there."""
    path = directory / ENDPOINT_FILE
    endpoint = {
        "listen": list(listen),
        "http": http,
        "token_file": str(token_file),
        "locality_token_file": str(locality_token_file),
        "pid": os.getpid(),
        "version": version,
    }
    _write(path, json.dumps(endpoint, indent=2) + "\n")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    # Renamed into place: a client never reads half of it.
    new = path.with_name(path.name + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    new.rename(path)
