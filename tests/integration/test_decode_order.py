"""A prefetch with pixels never stands before what somebody looks at: the workers' queue, seen
from the caller's side of the wire. The one worker is stopped until all that is asked for waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import psutil
import pydicom
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families
from pydicom.data import get_testdata_file

import imageid
from daemon_process import LOOPBACK_ORIGINS, DaemonProcess
from imageid.v1 import types_pb2 as types
from origins.corpus import as_instance, own_file
from origins.dicomweb import DicomwebOrigin

SOURCE = get_testdata_file("693_J2KI.dcm", download=False)
CONFIG = LOOPBACK_ORIGINS + '[loaders.file]\nroots = ["{folder}"]\n[decode]\nworkers = 1\n'

_FEW = 4


@dataclass
class Stopped:
    """A daemon whose one worker does nothing until it is resumed."""

    daemon: DaemonProcess
    client: imageid.aio.Client
    worker: psutil.Process

    def image(self, name: str) -> str:
        return image(self.daemon.directory, name)

    async def waiting(self, **jobs: int) -> None:
        """Until so many jobs of these classes wait, beside that which the worker has got."""
        queue = partial(measured, self.daemon, "imageid_decode_queue")

        async def there() -> bool:
            is_busy = await measured(self.daemon, "imageid_workers_busy") == 1
            return is_busy and {name: await queue(priority=name) for name in jobs} == jobs

        await self.daemon.until(there)

    async def first_decoded(self, image_ids: list[str]) -> list[str]:
        """The names of the first few whose pixels were stored, of these images.

        What is decoded shortly after another may be stored shortly before it.
        """
        names: list[str] = []
        async for event in self.client.watch(after=0, kinds=["stored"]):
            is_pixels = event.representation == types.REPRESENTATION_PIXELS
            if is_pixels and event.url in image_ids:
                names.append(Path(event.url).stem)
            if len(names) == _FEW:
                break
        return names


def image(folder: Path, name: str) -> str:
    """A compressed slice unlike all others."""
    dataset = pydicom.dcmread(SOURCE)
    dataset.PatientID = name
    dataset.save_as(folder / f"{name}.dcm")
    return f"file://{folder}/{name}.dcm"


async def measured(daemon: DaemonProcess, name: str, **labels: str) -> float:
    async with httpx.AsyncClient(trust_env=False) as http:
        text = (await http.get(f"http://{daemon.http_address}/metrics")).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and sample.labels == labels
    )


@pytest_asyncio.fixture(loop_scope="session")
async def stopped(tmp_path: Path) -> AsyncIterator[Stopped]:
    config = CONFIG.format(folder=tmp_path)
    async with (
        DaemonProcess(tmp_path, config) as daemon,
        imageid.aio.connect(daemon.address) as client,
    ):
        await client.load(image(tmp_path, "before"))
        [fork_server] = psutil.Process(daemon.pid).children()
        [worker] = fork_server.children()
        worker.suspend()
        yield Stopped(daemon, client, worker)


async def test_what_somebody_looks_at_is_decoded_before_all_that_a_prefetch_has_waiting(
    stopped: Stopped,
) -> None:
    ahead = [stopped.image(f"ahead-{number}") for number in range(10)]
    looked_at = stopped.image("looked-at")
    prefetch = asyncio.create_task(stopped.client.prefetch(ahead, "pixels"))
    await stopped.waiting(prefetch=9)
    load = asyncio.create_task(stopped.client.load(looked_at))
    await stopped.waiting(prefetch=9, interaction=1)

    stopped.worker.resume()
    await asyncio.gather(prefetch, load)

    assert "looked-at" in (await stopped.first_decoded([*ahead, looked_at]))


async def test_a_prefetched_image_overtakes_the_others_when_somebody_comes_to_look_at_it(
    stopped: Stopped,
) -> None:
    first = asyncio.create_task(stopped.client.load(stopped.image("first")))
    await stopped.waiting(prefetch=0)
    ahead = [stopped.image(f"ahead-{number}") for number in range(10)]
    prefetch = asyncio.create_task(stopped.client.prefetch(ahead, "pixels"))
    await stopped.waiting(prefetch=10)
    load = asyncio.create_task(stopped.client.load(ahead[-1]))
    await stopped.waiting(prefetch=9, interaction=1)

    stopped.worker.resume()
    await asyncio.gather(first, prefetch, load)

    assert "ahead-9" in (await stopped.first_decoded(ahead))


async def test_a_document_is_read_as_urgently_as_the_most_urgent_image_that_it_describes(
    stopped: Stopped, dicomweb_origin: DicomwebOrigin
) -> None:
    file = dicomweb_origin.add(as_instance(own_file("CT_small.dcm")))
    frame = f"wadors:{dicomweb_origin.dicomweb_url}{file.instance_path}/frames/1"
    first = asyncio.create_task(stopped.client.load(stopped.image("first")))
    await stopped.waiting(prefetch=0)
    prefetch = asyncio.create_task(stopped.client.prefetch([frame], "pixels"))
    await stopped.waiting(prefetch=1)

    load = asyncio.create_task(stopped.client.load(frame))
    await stopped.waiting(prefetch=0, interaction=1)

    stopped.worker.resume()
    await asyncio.gather(first, prefetch)
    assert (await load).pixels.shape == (128, 128)


async def test_a_batch_of_metadata_for_a_program_waits_for_what_people_wait_for(
    stopped: Stopped,
) -> None:
    described = [stopped.image(f"described-{number}") for number in range(5)]
    ahead = [stopped.image(f"ahead-{number}") for number in range(5)]
    first = asyncio.create_task(stopped.client.load(stopped.image("first")))
    await stopped.waiting(compute=0)
    metadata = stopped.client.metadata_many(described, priority="compute")
    batch = asyncio.create_task(metadata)
    await stopped.waiting(compute=5)
    prefetch = asyncio.create_task(stopped.client.prefetch(ahead, "pixels"))
    await stopped.waiting(compute=5, prefetch=5)

    stopped.worker.resume()
    await batch
    stopped.worker.suspend()
    decoded = await measured(stopped.daemon, "imageid_decode_seconds_count", task="decode")
    stopped.worker.resume()
    await asyncio.gather(first, prefetch)

    assert decoded == len(["before", "first", *ahead])
