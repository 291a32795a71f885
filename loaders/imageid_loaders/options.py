"""The table `[loaders.NAME]` of the configuration: what every loader checks."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from imageid_loaders.errors import ConfigurationError


def check_options(name: str, options: Mapping[str, object], known: Collection[str]) -> None:
    """
    Raises:
        errors.ConfigurationError: an option is none that the loader has.
    """
    allowed = f"known are {', '.join(sorted(known))}" if known else "there are none"
    problems = [
        f"loaders.{name}.{option} is no setting of this loader: {allowed}"
        for option in options
        if option not in known
    ]
    if problems:
        raise ConfigurationError(*problems)
