"""HTTP/2 with a server that others have written."""

import asyncio
import random
from contextlib import asynccontextmanager

import pytest

from imageid_daemon.config import OriginSettings
from origins.nginx import nginx
from origins.process import free_port
from transport.http2_server import CERTIFICATE

IMAGES = {f"/{number}": random.Random(number).randbytes(300_000) for number in range(24)}


@asynccontextmanager
async def served(folder, more: str = ""):
    """Nginx that speaks HTTP/2, its URL, and what it notes of each request."""
    root = folder / "root"
    root.mkdir()
    for path, image in IMAGES.items():
        (root / path[1:]).write_bytes(image)
    port, noted = free_port(), folder / "noted.log"
    http = f"""
        log_format spoken '$server_protocol $connection $status';
        server {{
            listen 127.0.0.1:{port} ssl http2;
            ssl_certificate {CERTIFICATE};
            ssl_certificate_key {CERTIFICATE};
            root {root};
            access_log {noted} spoken;
            {more}
        }}
    """
    async with nginx(folder, root, http=http):
        yield f"https://localhost:{port}", noted


@pytest.fixture
def all_of(way):
    """Reads every image at once, without a second try."""

    async def read(url: str, **settings) -> tuple[list[bytes], dict]:
        pacs = OriginSettings("pacs", url, ca_file=CERTIFICATE, retries=0, **settings)
        client = way(pacs)
        images = await asyncio.gather(*(client.read(url + path) for path in IMAGES))
        return images, dict(client.counts.codes)

    return read


async def test_a_series_comes_over_one_connection(tmp_path, all_of):
    async with served(tmp_path) as (url, noted):
        images, _ = await all_of(url)

    assert images == list(IMAGES.values())
    spoken = {line.rsplit(" ", 1)[0] for line in noted.read_text().splitlines()}
    assert len(spoken) == 1
    assert spoken.pop().startswith("HTTP/2.0 ")


async def test_a_server_that_ends_connections_after_a_few_requests_loses_none(tmp_path, all_of):
    async with served(tmp_path, "keepalive_requests 5;") as (url, _):
        images, codes = await all_of(url)

    assert images == list(IMAGES.values())
    assert codes == {("wadors", "2xx"): len(IMAGES)}


async def test_http_1_1_is_spoken_where_it_is_switched_off(tmp_path, all_of):
    async with served(tmp_path) as (url, noted):
        images, _ = await all_of(url, http2=False)

    assert images == list(IMAGES.values())
    assert all(line.startswith("HTTP/1.1 ") for line in noted.read_text().splitlines())
