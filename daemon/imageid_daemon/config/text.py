"""The settings as text: the README's table, and a first configuration to edit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from imageid_daemon.config.paths import CONFIG_VARIABLE, RUNTIME_VARIABLE
from imageid_daemon.config.settings import SETTINGS, Setting

_VARIABLES_ALONE = (
    (CONFIG_VARIABLE, "<user configuration directory>/imageid/config.toml", "the file itself"),
    (
        RUNTIME_VARIABLE,
        "$XDG_RUNTIME_DIR/imageid, else <user cache directory>/imageid/run",
        "folder of the socket, the token and endpoint.json",
    ),
)


def settings_table() -> str:
    """Give the Markdown table of all settings, with its two head lines."""
    lines = ["| setting | variable | default | what it is |", "| --- | --- | --- | --- |"]
    lines += [_row(f"`{s.name}`", s.variable, default_text(s), s.help) for s in SETTINGS]
    lines += [_row("", name, default, help) for name, default, help in _VARIABLES_ALONE]
    return "\n".join(lines) + "\n"


def default_text(setting: Setting) -> str:
    """Say what holds when nothing is set."""
    if setting.default_text:
        return setting.default_text
    return "" if setting.default is None else toml_value(setting.default).strip('"')


def template(runtime_directory: Path, cache_directory: Path) -> str:
    """Give a TOML file in which every setting is a comment that shows its default.

    Args:
        runtime_directory, cache_directory: what the defaults are made of.
    """
    worked_out: dict[str, object] = {
        "server.listen": (f"unix:{runtime_directory}/grpc.sock", "127.0.0.1:8474"),
        "cache.directory": str(cache_directory),
    }
    lines = [
        "# imageid configuration. A setting is active once its line has no # in front.",
        "# Flags and IMAGEID_* variables win over this file; `imageid config show` says",
        "# what holds and where it comes from.",
    ]
    for section, settings in groupby(SETTINGS, lambda setting: setting.section):
        lines += _section(section, settings, worked_out)
    return "\n".join(lines) + "\n"


def toml_value(value: object) -> str:
    """Write a text, a number, a truth value or a list of them as TOML."""
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {toml_value(v)}" for k, v in value.items()) + "}"
    # JSON's texts, numbers and truth values are TOML's.
    return json.dumps(
        value if isinstance(value, (bool, int, float)) else str(value), ensure_ascii=False
    )


def _section(section: str, settings: Iterable[Setting], worked_out: dict[str, object]) -> list[str]:
    is_example = "NAME" in section
    lines = ["", f"# [{section.replace('NAME', 'pacs')}]" if is_example else f"[{section}]"]
    for setting in settings:
        value = worked_out.get(setting.name, setting.default)
        shown = setting.example if setting.example and not value else toml_value(value)
        lines += [f"#   {setting.help}", f"# {setting.key} = {shown}"]
    return lines


def _row(name: str, variable: str | None, default: str, help: str) -> str:
    cells = (name, f"`{variable}`" if variable else "", f"`{default}`" if default else "", help)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
