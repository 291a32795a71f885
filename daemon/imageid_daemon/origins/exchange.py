"""One request to one server: allowed, within its limits, with its credentials, tried again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import stamina

from imageid_daemon.callers import Claims
from imageid_daemon.config import OriginSettings
from imageid_daemon.origins.allow import AllowList
from imageid_daemon.origins.connections import Answer, Connections, Timeouts, Unreached
from imageid_daemon.origins.credentials import Credentials, scope
from imageid_daemon.origins.gate import Limits, Outcome
from imageid_daemon.origins.governor import Governor, Refused, Server
from imageid_daemon.origins.outcome import of_failure, of_status
from imageid_daemon.origins.retry import backoff_seconds, retry_after_seconds, wait_seconds
from imageid_daemon.origins.routes import Routes
from imageid_daemon.origins.target import Target
from imageid_daemon.origins.tokens import Tokens
from imageid_daemon.origins.way import way_to
from imageid_loaders.errors import NotAllowed, Unavailable

UNCONFIGURED = OriginSettings(name="", url="")


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that a new configuration replaces at once."""

    allow: AllowList
    routes: Routes
    credentials: Credentials
    max_image_bytes: int


class _Again(Exception):
    """This try is not the last one."""

    def __init__(self, why: str, wait_seconds: float) -> None:
        super().__init__(why)
        self.wait_seconds = wait_seconds


class Exchange:
    """Sends GETs under one policy.

    Args:
        observe: told the code class of each response, or "error" where none came.
    """

    def __init__(
        self,
        connections: Connections,
        governor: Governor,
        tokens: Tokens,
        policy: Policy,
        user_agent: str,
        observe: Callable[[str], None],
    ) -> None:
        self._connections = connections
        self._governor = governor
        self._tokens = tokens
        self._policy = policy
        self._user_agent = user_agent
        self._observe = observe

    def retries(self, asked: Target) -> int:
        """How often a try that failed is followed by another one."""
        return (self._policy.routes.find(asked) or UNCONFIGURED).retries

    @asynccontextmanager
    async def get(
        self, asked: Target, headers: Mapping[str, str], claims: Claims
    ) -> AsyncIterator[Answer]:
        """Give the response of the last try, whatever its status.

        Args:
            claims: who waits for it; they may come and go meanwhile.

        Raises:
            NotAllowed: the host, or its address, is not in the allow-list.
            Unavailable, OriginTimeout: no response came, or the server has failed so often
                that it is left alone.
        """
        if not self._policy.allow.allows_host(asked):
            raise NotAllowed(
                f"{asked.label} may not be reached; add it to network.allow, or configure"
                " it as an origin"
            )
        origin = self._policy.routes.find(asked)
        async with AsyncExitStack() as held:
            answer, token = await self._answer(asked, headers, origin, claims, held)
            if origin and token and answer.status == 401 and self._tokens.reject(origin, token):
                # Once: what a new token does not open, another new one does not either.
                await held.aclose()
                answer, _ = await self._answer(asked, headers, origin, claims, held)
            yield answer

    async def _answer(
        self,
        asked: Target,
        headers: Mapping[str, str],
        origin: OriginSettings | None,
        claims: Claims,
        held: AsyncExitStack,
    ) -> tuple[Answer, str | None]:
        limits = origin or UNCONFIGURED
        tries = stamina.retry_context(on=_wait, attempts=limits.retries + 1, timeout=None)
        async for attempt in tries:
            with attempt:
                async with AsyncExitStack() as opened:
                    judge = await self._turn(asked, limits, claims, opened)
                    # After the wait, in which a token may have been renewed.
                    fields, token = await self._fields(headers, origin)
                    answer = await self._try(asked, fields, limits, attempt.num, judge, opened)
                    # Kept until the caller has read the body; a try that failed is
                    # closed right here, its slot free while it waits.
                    held.push_async_exit(opened.pop_all())
                    return answer, token
        raise AssertionError("the last try returns or raises")

    async def _turn(
        self, asked: Target, limits: OriginSettings, claims: Claims, opened: AsyncExitStack
    ) -> Callable[[Outcome], None]:
        server = Server(limits.name, asked.server)
        turn = self._governor.turn(server, Limits(limits.connections, limits.rate), claims)
        try:
            return await opened.enter_async_context(turn)
        except Refused as refused:
            raise Unavailable(
                f"{asked.label} has failed again and again and is left alone for a while;"
                " see whether it runs",
                retry_after_seconds=refused.retry_after_seconds,
            ) from None

    async def _try(
        self,
        asked: Target,
        fields: dict[str, str],
        limits: OriginSettings,
        tries: int,
        judge: Callable[[Outcome], None],
        opened: AsyncExitStack,
    ) -> Answer:
        backoff = backoff_seconds(tries, random.random())  # noqa: S311 - spreads load
        timeouts = Timeouts(limits.connect_timeout_seconds, limits.timeout_seconds)
        way = way_to(limits)
        try:
            answer = await opened.enter_async_context(
                self._connections.get(asked, fields.items(), timeouts, way)
            )
        except Unreached as unreached:
            self._observe("error")
            if (outcome := of_failure(unreached)) is not None:
                judge(outcome)
            if unreached.is_temporary and tries <= limits.retries:
                raise _Again(unreached.error.reason, backoff) from unreached
            raise unreached.error from unreached
        self._observe(f"{answer.status // 100}xx")
        now = datetime.now(UTC)
        retry_after = answer.headers.get("retry-after")
        judge(of_status(answer.status, retry_after_seconds(retry_after, now)))
        wait = wait_seconds(answer.status, retry_after, backoff, now)
        if wait is not None and tries <= limits.retries:
            raise _Again(f"status {answer.status}", wait)
        return answer

    async def _fields(
        self, headers: Mapping[str, str], origin: OriginSettings | None
    ) -> tuple[dict[str, str], str | None]:
        """Give the request's fields, and the OAuth 2 token among them."""
        fields = {name.lower(): value for name, value in headers.items()}
        fields.pop("host", None)
        fields.setdefault("user-agent", self._user_agent)
        # Packing a DICOM body costs Orthanc 40 to 170 ms and saves nothing.
        fields.setdefault("accept-encoding", "identity")
        if origin is None or not scope(origin):
            return fields, None
        fields |= await asyncio.to_thread(self._policy.credentials.fields, origin)
        if origin.token_endpoint is None:
            return fields, None
        token = await self._tokens.token(origin)
        return fields | {"authorization": f"Bearer {token}"}, token


def _wait(error: Exception) -> bool | float:
    return error.wait_seconds if isinstance(error, _Again) else False
