"""The daemon: resolves imageIds for every program on a workstation. README.md is the map."""

from importlib.metadata import version

__version__ = version("imageid-daemon")
