"""The daemon as its users run it: a process of its own, in directories of its own."""

from __future__ import annotations

import json
import os
import sys
from asyncio.subprocess import Process
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import Self

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from origins.process import Check, log_end, start, stop, wait_until

LOOPBACK_ORIGINS = '[network]\nallow = ["127.0.0.1:*"]\n'


@dataclass(slots=True)
class DaemonProcess:
    """`imageidd` below `directory`, on a unix socket and two free ports.

    Entering starts it and waits until it serves; leaving stops it. `start` after `kill`
    or `stop` is a restart over the same cache.

    Args:
        directory: its path should be short: that of a socket below it has 107 bytes.
        config: TOML; by default every loopback origin is allowed.
        environment: added to the daemon's own.
        program: Python's arguments that run it.
    """

    directory: Path
    config: str = LOOPBACK_ORIGINS
    arguments: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    program: tuple[str, ...] = ("-m", "imageid_daemon")
    _process: Process | None = None

    @property
    def runtime_directory(self) -> Path:
        return self.directory / "run"

    @property
    def cache_directory(self) -> Path:
        return self.directory / "cache"

    @property
    def log(self) -> Path:
        return self.directory / "daemon.log"

    @property
    def address(self) -> str:
        """What `imageid.connect` takes: the unix socket, which needs no token."""
        return f"unix:{self.runtime_directory / 'grpc.sock'}"

    @property
    def tcp_address(self) -> str:
        return next(a for a in self.endpoint["listen"] if not a.startswith("unix:"))

    @property
    def token(self) -> str:
        return Path(self.endpoint["token_file"]).read_text().strip()

    @property
    def http_address(self) -> str:
        """HOST:PORT of the HTTP door."""
        return str(self.endpoint["http"]).removeprefix("http://")

    @property
    def endpoint(self) -> dict:
        return json.loads((self.runtime_directory / "endpoint.json").read_text())

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def own_environment(self) -> dict[str, str]:
        """For a second program of the same user; nothing of the developer's own daemon."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("IMAGEID_")}
        return inherited | {"IMAGEID_RUNTIME_DIR": str(self.runtime_directory)} | self.environment

    async def start(self) -> Self:
        self.runtime_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._process = await start(self._command(), self.log, self.own_environment)
        try:
            await wait_until(self._has_written_its_endpoint, self._process, self.log)
            await wait_until(self._serves, self._process, self.log)
        except BaseException:
            await stop(self._process)
            raise
        return self

    async def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self._process is not None
        return await stop(self._process)

    async def kill(self) -> None:
        """SIGKILL: nothing of the daemon runs any more when this returns."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    def signal(self, number: Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def until(self, check: Check) -> None:
        """Wait until `check` holds, as after a signal, which nothing answers."""
        assert self._process is not None
        await wait_until(check, self._process, self.log)

    def write_config(self, config: str) -> None:
        """Written to the file that the daemon reads at its start and on SIGHUP."""
        self.config = config
        (self.directory / "config.toml").write_text(config)

    def log_end(self) -> str:
        return log_end(self.log)

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def _command(self) -> list[str | Path]:
        self.write_config(self.config)
        return [
            *(sys.executable, *self.program),
            *("--config", self.directory / "config.toml"),
            *("--listen", self.address, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"),
            *("--cache-dir", self.cache_directory),
            *self.arguments,
        ]

    async def _has_written_its_endpoint(self) -> bool:
        """A file of an earlier daemon, which was killed, has another pid."""
        try:
            return bool(self.endpoint["pid"] == self.pid)
        except (FileNotFoundError, json.JSONDecodeError):
            return False

    async def _serves(self) -> bool:
        async with grpc.aio.insecure_channel(self.address) as channel:
            health = health_pb2_grpc.HealthStub(channel)
            try:
                answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=1)
            except grpc.aio.AioRpcError:
                return False
            return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
