"""The configuration: one table of settings, read from flags, environment and a TOML file.

`SETTINGS` is the table; loading, `imageid config show`, `imageid config init` and the
README are all made from it. What `load` returns is frozen and has been checked as a whole.
"""

from imageid_daemon.config.load import Loaded, load
from imageid_daemon.config.model import (
    Cache,
    Config,
    HeaderSetting,
    Log,
    MinFree,
    Network,
    OriginSettings,
    Server,
)
from imageid_daemon.config.paths import config_file
from imageid_daemon.config.settings import SETTINGS, Setting
from imageid_daemon.config.text import settings_table, template

__all__ = [
    "SETTINGS",
    "Cache",
    "Config",
    "HeaderSetting",
    "Loaded",
    "Log",
    "MinFree",
    "Network",
    "OriginSettings",
    "Server",
    "Setting",
    "config_file",
    "load",
    "settings_table",
    "template",
]
