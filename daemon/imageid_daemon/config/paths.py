"""Where the daemon's files are when nobody says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import platformdirs

CONFIG_VARIABLE = "IMAGEID_CONFIG"
RUNTIME_VARIABLE = "IMAGEID_RUNTIME_DIR"


def config_file(environ: Mapping[str, str]) -> Path:
    """Say which file is read when no flag names one."""
    named = environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    return Path(platformdirs.user_config_dir("imageid", appauthor=False)) / "config.toml"


def cache_directory() -> Path:
    """Say where the cache is when nothing is configured."""
    return Path(platformdirs.user_cache_dir("imageid", appauthor=False))


def runtime_directory(environ: Mapping[str, str]) -> Path:
    """Say where socket, token and endpoint.json are; the clients know the same rule."""
    if named := environ.get(RUNTIME_VARIABLE):
        return Path(named).expanduser().absolute()
    if session := environ.get("XDG_RUNTIME_DIR"):
        return Path(session) / "imageid"
    # Not below the configured cache: clients do not read the daemon's configuration.
    return cache_directory() / "run"
