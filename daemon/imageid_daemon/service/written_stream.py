"""A stream of answers that is written by hand, all but the last message.

gRPC sends what a unary method returns together with the call's status: one step less than a
stream that yields its message and then ends. On the wire both are the same, so a method that
streams is registered as one that does not, writes what comes first and returns what comes
last. A warm image in one message is as fast as an empty stream so, and 20 % faster than by a
generator.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import grpc
from google.protobuf.message import Message


class Writing:
    """Of a call's context, what such a method needs.

    Args:
        sent: told of each message that is written.
    """

    def __init__(
        self, context: grpc.aio.ServicerContext[Any, Any], sent: Callable[[], None]
    ) -> None:
        self._context = context
        self._sent = sent

    async def write(self, message: bytes) -> None:
        """Send a message that is not the last; waits while the caller reads nothing.

        Raises:
            CancelledError: the caller has left.
        """
        try:
            await self._context.write(message)
        except grpc.aio.InternalError:
            # A message that the core does not take is one of a call that is over; gRPC cancels
            # its task a moment later (https://github.com/grpc/grpc/issues/31043).
            raise asyncio.CancelledError from None
        self._sent()

    def peer(self) -> str:
        return self._context.peer()

    def metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        return tuple(self._context.invocation_metadata() or ())


Behaviour = Callable[[Any, Writing], Awaitable[bytes]]


def written_streams(
    methods: Mapping[str, tuple[type[Message], Behaviour]],
) -> dict[str, Any]:
    """Methods that stream serialized messages, by name, each with its request's type.

    To be registered after the generated handlers of the same service, in place of some.
    """
    return {
        name: grpc.unary_unary_rpc_method_handler(behaviour, request.FromString)
        for name, (request, behaviour) in methods.items()
    }
