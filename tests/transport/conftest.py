from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from imageid_daemon.callers import Claims
from imageid_daemon.config import Network, OriginSettings
from imageid_daemon.origins import Origins
from imageid_daemon.origins.governor import OriginFigures
from transport.raw_server import RawServer, running


@dataclass
class Counts:
    """What the daemon's metrics would have counted."""

    codes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def observe_response(self, scheme: str, code: str) -> None:
        self.codes[scheme, code] += 1


@dataclass
class Way:
    """One way to origins, and what it counted."""

    origins: Origins
    counts: Counts

    def get(self, url: str, claims: Claims | None = None, **headers: str):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.origins.transport("wadors", claims).get(url, named)

    async def read(self, url: str, claims: Claims | None = None, **headers: str) -> bytes:
        async with self.get(url, claims, **headers) as response:
            return b"".join([chunk async for chunk in response.chunks])

    def replace(self, *origins: OriginSettings) -> None:
        self.origins.replace(
            network=Network(("127.0.0.1:*",)),
            origins={origin.name: origin for origin in origins},
            environ={},
            max_image_bytes=2**20,
        )

    def figures(self, name: str) -> OriginFigures:
        return next(each for each in self.origins.figures() if each.name == name)


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    async with running() as raw:
        yield raw


@pytest.fixture
async def other() -> AsyncIterator[RawServer]:
    async with running() as raw:
        yield raw


@pytest.fixture
async def way() -> AsyncIterator[Callable[..., Way]]:
    """Makes ways; they are closed when the test is over."""
    async with AsyncExitStack() as stack:

        def made(
            *origins: OriginSettings,
            allow: tuple[str, ...] = ("127.0.0.1:*",),
            environ: dict[str, str] | None = None,
            max_image_bytes: int = 2**20,
            **more,
        ) -> Way:
            counts = Counts()
            built = Origins(
                network=Network(allow),
                origins={origin.name: origin for origin in origins},
                environ=environ or {},
                max_image_bytes=max_image_bytes,
                metrics=counts,
                **more,
            )
            stack.push_async_callback(built.aclose)
            return Way(built, counts)

        yield made
