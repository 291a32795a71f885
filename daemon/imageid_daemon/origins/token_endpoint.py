"""Asks an origin's token endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from imageid_daemon.config import OriginSettings
from imageid_daemon.origins.connections import Answer, Connections, Timeouts, Unreached
from imageid_daemon.origins.credentials import Credentials
from imageid_daemon.origins.oauth import Token, token_of, token_request
from imageid_daemon.origins.target import target
from imageid_daemon.origins.way import way_to

_LONGEST_ANSWER_BYTES = 64 * 1024


class TokenEndpoint:
    """Goes the way that the origin's own requests go: its proxy, its certificates.

    Redirects are not followed: the secret is for the endpoint that is configured.

    Args:
        now: gives seconds that only grow.
    """

    def __init__(self, connections: Connections, now: Callable[[], float]) -> None:
        self._connections = connections
        self._now = now

    async def fetch(self, origin: OriginSettings, credentials: Credentials) -> Token:
        """Give a new token.

        Raises:
            Unauthenticated: the endpoint refuses, or the secret is gone.
            Unavailable: it cannot be reached.
        """
        secret = await asyncio.to_thread(credentials.client_secret, origin)
        fields, body = token_request(origin, secret)
        timeouts = Timeouts(origin.connect_timeout_seconds, origin.timeout_seconds)
        asked_seconds = self._now()
        post = self._connections.get(
            target(origin.token_endpoint or ""), fields.items(), timeouts, way_to(origin), body
        )
        try:
            async with post as answer:
                given = await _start_of_body(answer)
        except Unreached as unreached:
            raise unreached.error from unreached
        return token_of(answer.status, given, origin.name, asked_seconds)


async def _start_of_body(answer: Answer) -> bytes:
    body = b""
    async for chunk in answer.chunks:
        body += chunk
        if len(body) > _LONGEST_ANSWER_BYTES:
            break
    return body
