"""imageidd: arguments to a configuration, signals to events, errors to exit codes."""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from imageid_daemon import __version__
from imageid_daemon.config import Loaded, load
from imageid_loaders.errors import ConfigurationError

_CONFIGURATION_PROBLEM = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the daemon until SIGTERM or SIGINT."""
    arguments = _parser().parse_args(argv)

    def read() -> Loaded:
        return load(file=arguments.config, environ=os.environ, flags=_flags(arguments))

    # What the daemon writes holds patients' data: private files, no core dumps.
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        loaded = read()
        asyncio.run(_serve(loaded, read))
    except ConfigurationError as error:
        for problem in error.problems:
            print(f"imageidd: {problem}", file=sys.stderr)  # noqa: T201 - this is the interface
        return _CONFIGURATION_PROBLEM
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="imageidd",
        description="Resolves imageIds for every program on this workstation.",
        epilog="Settings: flag > environment (IMAGEID_*) > file > default; see imageid config.",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="the TOML file of settings")
    parser.add_argument(
        "--listen", action="append", metavar="unix:PATH|HOST:PORT", help="gRPC; may be repeated"
    )
    parser.add_argument("--http", metavar="HOST:PORT", help='metrics and health; "" for none')
    parser.add_argument("--cache-dir", metavar="DIR", help="where images are kept")
    parser.add_argument("--cache-size", metavar="SIZE", help="how much, e.g. 20GiB")
    parser.add_argument("--version", action="version", version=f"imageidd {__version__}")
    return parser


def _flags(arguments: argparse.Namespace) -> dict[str, object]:
    given = {
        "server.listen": arguments.listen,
        "server.http": arguments.http,
        "cache.directory": arguments.cache_dir,
        "cache.size": arguments.cache_size,
    }
    return {name: value for name, value in given.items() if value is not None}


async def _serve(loaded: Loaded, read: Callable[[], Loaded]) -> None:
    # After the settings are known to be good: these imports take most of the start.
    import structlog

    from imageid_daemon import logs
    from imageid_daemon.app import running

    logs.configure(loaded.config.log.level, loaded.config.log.format)
    log = structlog.get_logger("imageid")
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(loaded.config, os.environ) as daemon:

        def reload() -> None:
            try:
                daemon.reload(read().config)
            except ConfigurationError as error:
                daemon.reload_failed()
                log.error("configuration not reloaded", problems=error.problems)

        loop.add_signal_handler(signal.SIGHUP, reload)
        await stop.wait()
        # A second signal ends the process at once.
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


if __name__ == "__main__":
    sys.exit(main())
