"""A daemon that loses something at every load, to show that a soak sees it.

python -m soak.leaking WHAT [arguments of imageidd]
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from imageid_daemon.__main__ import main
from imageid_daemon.service.loads import Loads

_BYTES = 32 * 1024
_kept: list[object] = []
_numbers = count()


def _lose_a_descriptor() -> None:
    os.open("/dev/null", os.O_RDONLY)


def _lose_a_task() -> None:
    _kept.append(asyncio.create_task(asyncio.Event().wait()))


def _lose_a_spool() -> None:
    cache = Path(sys.argv[sys.argv.index("--cache-dir") + 1])
    (cache / "spool" / f"lost-{next(_numbers)}").touch()


def _lose_bytes() -> None:
    _kept.append(bytearray(b"\1") * _BYTES)


LEAKS: dict[str, Callable[[], None]] = {
    "descriptor": _lose_a_descriptor,
    "task": _lose_a_task,
    "spool": _lose_a_spool,
    "bytes": _lose_bytes,
}


def leak(lose: Callable[[], None]) -> None:
    """Have every LoadImage lose something."""
    load_image = Loads.load_image

    async def leaking(self: Loads, *arguments: Any) -> bytes:
        lose()
        return await load_image(self, *arguments)

    Loads.load_image = leaking  # type: ignore[method-assign]


if __name__ == "__main__":
    leak(LEAKS[sys.argv.pop(1)])
    sys.exit(main())
