"""Asks an origin's token endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from imageid_daemon.config import OriginSettings
from imageid_daemon.origins.connections import Answer, Connections, Timeouts, Unreached
from imageid_daemon.origins.credentials import Credentials, write_secret
from imageid_daemon.origins.oauth import Token, token_of, token_request
from imageid_daemon.origins.target import target
from imageid_daemon.origins.way import way_to

_LONGEST_ANSWER_BYTES = 64 * 1024

log = structlog.get_logger("imageid.origins")


class TokenEndpoint:
    """Goes the way that the origin's own requests go: its proxy, its certificates.

    Redirects are not followed: the secret is for the endpoint that is configured.

    Args:
        now: gives seconds that only grow.
    """

    def __init__(self, connections: Connections, now: Callable[[], float]) -> None:
        self._connections = connections
        self._now = now
        self._unwritten: dict[Path, str] = {}

    async def fetch(self, origin: OriginSettings, credentials: Credentials) -> Token:
        """Give a new token.

        Raises:
            Unauthenticated: the endpoint refuses, or the secret is gone.
            Unavailable: it cannot be reached.
        """
        secret = await asyncio.to_thread(credentials.client_secret, origin)
        refresh_token = await self._refresh_token(origin, credentials)
        fields, body = token_request(origin, secret, refresh_token)
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
        token = token_of(answer.status, given, origin.name, asked_seconds)
        if token.refresh_token not in (None, refresh_token):
            await self._keep(origin, token.refresh_token)
        return token

    async def _refresh_token(self, origin: OriginSettings, credentials: Credentials) -> str | None:
        file = origin.refresh_token_file
        if file in self._unwritten:
            return self._unwritten[file]
        return await asyncio.to_thread(credentials.refresh_token, origin)

    async def _keep(self, origin: OriginSettings, refresh_token: str | None) -> None:
        file = origin.refresh_token_file
        if file is None or refresh_token is None:
            return
        try:
            await asyncio.to_thread(write_secret, file, refresh_token)
            self._unwritten.pop(file, None)
        except OSError as error:
            self._unwritten[file] = refresh_token
            log.warning(
                "a refresh token cannot be written and will be lost when the daemon stops",
                origin=origin.name, reason=error.strerror,
            )  # fmt: skip


async def _start_of_body(answer: Answer) -> bytes:
    body = b""
    async for chunk in answer.chunks:
        body += chunk
        if len(body) > _LONGEST_ANSWER_BYTES:
            break
    return body
