"""A real nginx that serves a folder (Debian: nginx-light)."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from origins.process import READY_TRIES, SECONDS_BETWEEN_TRIES, answers, free_port, running

EXECUTABLE = "/usr/sbin/nginx"
CONFIGURATION = """
daemon off;
worker_processes 1;
pid {prefix}/nginx.pid;
error_log stderr;
{user}
events {{ worker_connections 128; }}
http {{
    types {{ image/jpeg jpg; image/png png; application/dicom dcm; }}
    log_format seen '$request_uri $status';
    access_log {prefix}/access.log seen;
    client_body_temp_path {prefix}/client;
    proxy_temp_path {prefix}/proxy;
    fastcgi_temp_path {prefix}/fastcgi;
    uwsgi_temp_path {prefix}/uwsgi;
    scgi_temp_path {prefix}/scgi;
    etag on;
    {http}
    server {{
        listen 127.0.0.1:{port};
        root {root};
        location /ready {{ access_log off; return 204; }}
        location /revalidate/ {{ alias {root}/; add_header Cache-Control no-cache; }}
        location /fresh/ {{ alias {root}/; add_header Cache-Control max-age=600; }}
        {server}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Nginx:
    """A running server: the folder stands at /, at /revalidate/ with `no-cache`, and at
    /fresh/ with `max-age=600`."""

    url: str
    root: Path
    access_log: Path

    def seen(self) -> list[tuple[str, int]]:
        """Path and status of every request answered so far, oldest first."""
        lines = self.access_log.read_text().splitlines()
        return [(path, int(status)) for path, status in (line.split() for line in lines)]

    async def seen_at_least(self, count: int) -> list[tuple[str, int]]:
        """Nginx writes its log just after the client has the answer: wait for that."""
        for _ in range(READY_TRIES):
            if len(self.seen()) >= count:
                break
            await asyncio.sleep(SECONDS_BETWEEN_TRIES)
        return self.seen()


@asynccontextmanager
async def nginx(
    directory: Path, root: Path, *, http: str = "", server: str = ""
) -> AsyncIterator[Nginx]:
    """Run one in `directory`, with what else its configuration shall say in these blocks."""
    port = free_port()
    # Started by root, the worker would become `nobody`, who cannot read a test's folder.
    user = "user root;" if getpass.getuser() == "root" else ""
    settings = directory / "nginx.conf"
    settings.write_text(
        CONFIGURATION.format(
            prefix=directory, port=port, root=root, user=user, http=http, server=server
        )
    )
    serving = Nginx(f"http://127.0.0.1:{port}", root, directory / "access.log")

    async def ready() -> bool:
        return await answers(f"{serving.url}/ready", 204)

    command = [EXECUTABLE, "-p", directory, "-c", settings, "-e", "stderr"]
    async with running(command, directory / "nginx.log", ready):
        yield serving
