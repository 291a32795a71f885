"""What was written, and where: flags, environment and file, the first of them wins."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from imageid_daemon.config.settings import SETTINGS, Setting


@dataclass(frozen=True, slots=True)
class Written:
    """A value as found.

    Args:
        where: what the person must look at to change it.
        origin: flag, environment VARIABLE or file PATH.
    """

    value: object
    where: str
    origin: str


@dataclass(frozen=True, slots=True)
class Sources:
    """The three sources of one load."""

    flags: Mapping[str, object]
    environ: Mapping[str, str]
    document: Mapping[str, object]
    file: Path

    def find(self, setting: Setting) -> Written | None:
        """Give what wins for this setting; None leaves it to the default."""
        flag = self.flags.get(setting.name)
        if flag is not None:
            return Written(flag, setting.flag or setting.name, "flag")
        variable = setting.variable
        if variable is not None and variable in self.environ:
            return Written(self.environ[variable], variable, f"environment {variable}")
        return self.find_in_file(setting.name)

    def find_in_file(self, name: str) -> Written | None:
        """Give what the file says to this dotted name."""
        found: object = self.document
        for part in name.split("."):
            if not isinstance(found, Mapping) or part not in found:
                return None
            found = found[part]
        return Written(found, f"{name} in {self.file}", f"file {self.file}")

    def names_below(self, section: str) -> tuple[str, ...]:
        """Give the names of the tables in a section of the file."""
        tables = self.document.get(section, {})
        items = tables.items() if isinstance(tables, Mapping) else ()
        return tuple(name for name, table in items if isinstance(table, Mapping))


def read_file(file: Path, *, must_exist: bool) -> tuple[Mapping[str, object], str | None]:
    """Give the file's document, and the problem with it if there is one."""
    try:
        return tomllib.loads(file.read_text("utf-8")), None
    except FileNotFoundError:
        if not must_exist:
            return {}, None
        return {}, f"{file}: there is no such file; `imageid config init` writes one"
    except OSError as error:
        return {}, f"{file}: cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        return {}, f"{file}: is not UTF-8 (byte {error.start})"
    except tomllib.TOMLDecodeError as error:
        return {}, f"{file}: is not TOML: {error}"


def unknown_names(sources: Sources) -> Iterator[str]:
    """Name every key that no part of the daemon would read."""
    known_flags = {setting.name for setting in SETTINGS if not setting.is_named}
    for flag in sources.flags:
        if flag not in known_flags:
            yield f"flag {flag}: is not a setting{_did_you_mean(flag, known_flags)}"
    sections = {setting.name.partition(".")[0] for setting in SETTINGS}
    for section, table in sources.document.items():
        if section not in sections:
            yield f"{section} in {sources.file}: is not a section{_did_you_mean(section, sections)}"
        elif not isinstance(table, Mapping):
            yield f"{section} in {sources.file}: is not a table; write [{section}]"
        else:
            yield from _unknown_in_section(section, table, sources.file)


def _unknown_in_section(section: str, table: Mapping[str, object], file: Path) -> Iterator[str]:
    if section not in ("loaders", "origins"):
        yield from _unknown_keys(section, section, table, file)
        return
    for name, inner in table.items():
        if not isinstance(inner, Mapping):
            yield f"{section}.{name} in {file}: is not a table; write [{section}.{name}]"
        elif section == "origins":
            # A loader checks its own table: the daemon knows no loader by name.
            yield from _unknown_keys("origins.NAME", f"origins.{name}", inner, file)


def _unknown_keys(section: str, shown: str, table: Iterable[str], file: Path) -> Iterator[str]:
    known = {setting.key for setting in SETTINGS if setting.section == section}
    for key in table:
        if key not in known:
            yield f"{shown}.{key} in {file}: is not a setting{_did_you_mean(key, known)}"


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    ordered = sorted(known)
    near = difflib.get_close_matches(name, ordered, n=1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(ordered)}"
