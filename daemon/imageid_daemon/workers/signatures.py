"""A table of tasks as the two ends of the wire need it: by name, with its types."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from inspect import signature
from typing import Any, NamedTuple, get_type_hints

import msgspec

_PATHS = 2


class Signature(NamedTuple):
    """One task.

    Args:
        arguments: those after the two paths.
    """

    task: Callable[..., Any]
    arguments: msgspec.msgpack.Decoder[tuple[Any, ...]]
    result: msgspec.msgpack.Decoder[Any]


def of_module(name: str) -> dict[str, Signature]:
    """Read the `TASKS` of a module."""
    return of_tasks(import_module(name).TASKS)


def of_tasks(tasks: Iterable[Callable[..., Any]]) -> dict[str, Signature]:
    """Give each task's signature by its name."""
    return {task.__name__: _signature(task) for task in tasks}


def _signature(task: Callable[..., Any]) -> Signature:
    hints = get_type_hints(task)
    names = list(signature(task).parameters)[_PATHS:]
    arguments = tuple.__class_getitem__(tuple(hints[name] for name in names))
    return Signature(
        task,
        msgspec.msgpack.Decoder(arguments),
        msgspec.msgpack.Decoder(hints["return"]),
    )
