"""Reads the whole configuration at once, and reports everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imageid_daemon.config import origin_rules, paths
from imageid_daemon.config.model import (
    Abandoned,
    Cache,
    Config,
    Decode,
    Log,
    Network,
    OriginSettings,
    Server,
)
from imageid_daemon.config.settings import SETTINGS, Setting
from imageid_daemon.config.sources import Sources, Written, read_file, unknown_names
from imageid_daemon.config.text import toml_value
from imageid_loaders.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that has been checked.

    Args:
        origin_of: dotted name → `flag`, `environment VARIABLE`, `file PATH` or `default`.
        written: dotted name → the value in force, as TOML; there are no secrets in it.
        file: the file that was read; None when there is none.
    """

    config: Config
    origin_of: Mapping[str, str]
    written: Mapping[str, str]
    file: Path | None


def load(
    *,
    file: Path | None,
    environ: Mapping[str, str],
    flags: Mapping[str, object] | None = None,
) -> Loaded:
    """Read flags, environment and file; what stands further left in this list wins.

    Args:
        file: that a flag names; without it IMAGEID_CONFIG, or the user's own file, which
            alone may be absent.
        flags: by dotted name, e.g. {"cache.size": "20GiB"}; None means not given.

    Raises:
        ConfigurationError: with every problem, each naming what to change.
    """
    path = (file or paths.config_file(environ)).expanduser().absolute()
    named = file is not None or bool(environ.get(paths.CONFIG_VARIABLE))
    document, problem = read_file(path, must_exist=named)
    sources = Sources(flags or {}, environ, document, path)
    reading = _Reading(sources, [problem] if problem else [])
    config = reading.config()
    if reading.problems:
        raise ConfigurationError(*reading.problems)
    exists = path if document or path.exists() else None
    return Loaded(config, reading.origin_of, reading.written, exists)


class _Reading:
    """One pass over the table of settings; collects problems and where each value is from."""

    def __init__(self, sources: Sources, problems: list[str]) -> None:
        self.sources = sources
        self.problems = [*problems, *unknown_names(sources)]
        self.origin_of: dict[str, str] = {}
        self.written: dict[str, str] = {}

    def config(self) -> Config:
        cache_directory: Path = self._value("cache.directory", str(paths.cache_directory()))
        runtime = paths.runtime_directory(self.sources.environ)
        return Config(
            server=Server(
                listen=self._value(
                    "server.listen", (f"unix:{runtime}/grpc.sock", "127.0.0.1:8474")
                ),
                http=self._value("server.http"),
            ),
            cache=Cache(
                directory=cache_directory,
                size_bytes=self._value("cache.size"),
                min_free=self._value("cache.min_free"),
                max_image_bytes=self._value("cache.max_image"),
                max_item_bytes=self._value("cache.max_item"),
                keep_partial_seconds=self._value("cache.keep_partial"),
                partial_share=self._value("cache.partial_share"),
                verify=self._value("cache.verify"),
                durable=self._value("cache.durable"),
            ),
            fills=Abandoned(
                missing_bytes=self._value("fills.finish_missing"),
                done_share=self._value("fills.finish_share"),
                seconds=self._value("fills.finish_within"),
            ),
            decode=Decode(
                workers=self._value("decode.workers"),
                memory_bytes=self._value("decode.memory"),
                timeout_seconds=self._value("decode.timeout"),
            ),
            network=Network(allow=self._value("network.allow")),
            log=Log(level=self._value("log.level"), format=self._value("log.format")),
            loaders=self._loaders(),
            origins=self._origins(),
            runtime_directory=runtime,
        )

    def _loaders(self) -> dict[str, Mapping[str, object]]:
        tables = self.sources.document.get("loaders", {})
        loaders = dict(tables) if isinstance(tables, Mapping) else {}
        for name, table in loaders.items():
            if isinstance(table, Mapping):
                for key in table:
                    self._note(f"loaders.{name}.{key}", table[key], f"file {self.sources.file}")
        roots = self._value("loaders.file.roots")
        if self.origin_of["loaders.file.roots"] != "default":
            table = loaders.get("file", {})
            kept = table if isinstance(table, Mapping) else {}
            loaders["file"] = {**kept, "roots": list(roots)}
        return loaders

    def _origins(self) -> dict[str, OriginSettings]:
        found = {name: self._origin(name) for name in self.sources.names_below("origins")}
        self.problems += origin_rules.problems(found.values(), self.sources.environ)
        return found

    def _origin(self, name: str) -> OriginSettings:
        values: dict[str, Any] = {}
        for setting in SETTINGS:
            if setting.section == "origins.NAME":
                dotted = f"origins.{name}.{setting.key}"
                found = self.sources.find_in_file(dotted)
                if found is None and setting.key == "url":
                    self.problems.append(f"{dotted}: is missing; write the origin's DICOMweb root")
                values[setting.key] = self._read(setting, dotted, found, setting.default)
        return OriginSettings(
            name=name,
            url=values.pop("url") or "",
            headers=values.pop("headers") or (),
            timeout_seconds=values.pop("timeout"),
            connect_timeout_seconds=values.pop("connect_timeout"),
            **values,
        )

    def _value(self, name: str, default: object = None) -> Any:
        setting = next(setting for setting in SETTINGS if setting.name == name)
        if default is None:
            default = setting.default
        return self._read(setting, name, self.sources.find(setting), default)

    def _read(self, setting: Setting, name: str, found: Written | None, default: object) -> Any:
        if found is not None:
            try:
                value = setting.read(found.value)
            except ValueError as error:
                self.problems.append(f"{found.where}: {error}")
            else:
                self._note(name, setting.shown(found.value), found.origin)
                return self._absolute(value, found)
        if default is None:
            return None
        self._note(name, default, "default")
        return self._default(setting, default)

    def _default(self, setting: Setting, default: object) -> Any:
        # A default can be wrong too: a runtime directory too deep for a socket.
        try:
            return setting.read(default)
        except ValueError as error:
            self.problems.append(f"{setting.name} (default): {error}")
            return default

    def _absolute(self, value: object, found: Written) -> object:
        """A path in the file is meant from the file's folder, any other from this one."""
        if not isinstance(value, Path):
            return value
        in_file = found.origin.startswith("file ")
        return self.sources.file.parent / value if in_file else value.absolute()

    def _note(self, name: str, value: object, origin: str) -> None:
        self.origin_of[name] = origin
        self.written[name] = toml_value(value)
