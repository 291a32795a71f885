"""How the pool is asked for a task: on behalf of those who wait for what comes of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from imageid_daemon.callers import Claims

P = ParamSpec("P")
R = TypeVar("R")


class Do(Protocol):
    """Have the task of that name done, as urgently as its claims are at every moment."""

    async def __call__(
        self,
        task: str,
        source: int | None,
        target: int | None,
        arguments: tuple[object, ...],
        claims: Claims,
    ) -> Any: ...


class Asking:
    """Asks for these callers; made by `Pool.asked_by`."""

    def __init__(self, do: Do, claims: Claims) -> None:
        self._do = do
        self._claims = claims

    async def run(
        self,
        task: Callable[Concatenate[str, str, P], R],
        source: int | None,
        target: int | None,
        *arguments: P.args,
        **named: P.kwargs,
    ) -> R:
        """Have a task done.

        Args:
            task: one of the table's.
            source, target: descriptors of the files whose paths the task gets.

        Raises:
            ImageError: the image is refused, crashed its worker, or took too much.
            OSError: the file system refused the source or the target.
        """
        if named:
            raise TypeError("a task's arguments go by position")
        return await self._do(  # type: ignore[no-any-return]
            task.__name__, source, target, arguments, self._claims
        )

    async def bytes_of(
        self,
        task: Callable[Concatenate[str, str, P], None],
        source: int | None,
        *arguments: P.args,
        **named: P.kwargs,
    ) -> bytes:
        """Have a task done, and give what it wrote.

        Raises:
            ImageError: as `run`.
        """
        target = os.memfd_create("imageid-result", os.MFD_CLOEXEC)
        try:
            await self.run(task, source, target, *arguments, **named)
            return await asyncio.to_thread(_read_all, os.dup(target))
        finally:
            os.close(target)


def _read_all(descriptor: int) -> bytes:
    with open(descriptor, "rb") as file:
        file.seek(0)
        return file.read()
