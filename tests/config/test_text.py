"""The settings as text for people."""

import re
import tomllib
from pathlib import Path

from imageid_daemon.config import SETTINGS, settings_table, template

RUNTIME, CACHE = Path("/run/test"), Path("/var/cache/imageid")


def uncommented(text: str) -> str:
    """Activate every setting, and leave the lines of help alone."""
    return re.sub(r"^# (?=\[|\w+ = )", "", text, flags=re.MULTILINE)


def test_the_table_has_a_row_for_every_setting():
    table = settings_table()

    assert all(f"| `{setting.name}` |" in table for setting in SETTINGS)


def test_the_table_names_the_variables_that_are_no_settings():
    assert "IMAGEID_CONFIG" in settings_table()
    assert "IMAGEID_RUNTIME_DIR" in settings_table()


def test_every_row_has_four_cells():
    rows = settings_table().splitlines()

    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


def test_variables_are_the_settings_name_in_upper_case():
    wrong = [
        setting.name
        for setting in SETTINGS
        if setting.variable
        and setting.variable != "IMAGEID_" + setting.name.upper().replace(".", "_")
    ]

    assert wrong == []


def test_a_first_configuration_changes_nothing(written):
    text = template(RUNTIME, CACHE)

    assert written.load(text).config.origins == {}
    assert set(written.load(text).origin_of.values()) == {"default"}


def test_a_first_configuration_shows_the_defaults(written):
    text = uncommented(template(RUNTIME, CACHE)).partition("[loaders.file]")[0]

    shown, default = written.load(text).config, written.load().config

    assert shown.server == default.server
    assert shown.cache.directory == CACHE
    assert shown.cache.size_bytes == default.cache.size_bytes
    assert (shown.network, shown.log) == (default.network, default.log)


def test_a_first_configuration_has_every_setting():
    document = tomllib.loads(uncommented(template(RUNTIME, CACHE)))

    def has(name: str) -> bool:
        found = document
        for part in name.replace("NAME", "pacs").split("."):
            found = found.get(part, {}) if isinstance(found, dict) else {}
        return found != {}

    assert [setting.name for setting in SETTINGS if not has(setting.name)] == []
