"""Any number of callers of one cold image cost its origin one request."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

import imageid
from origins.corpus import own_file
from origins.pictures import noise_jpeg
from origins.scripted import Answer, ScriptedOrigin

CALLERS = 200
FIRST_BYTES = 4096


class Caller:
    """Streams one image and says when its first bytes are there."""

    def __init__(self, client: imageid.aio.Client, image_id: str) -> None:
        self.has_begun = asyncio.Event()
        self.status = ""
        self.task = asyncio.create_task(self._load(client, image_id))

    async def _load(self, client: imageid.aio.Client, image_id: str) -> bytes:
        body = bytearray()
        async with client.stream(image_id, "encoded") as image:
            async for chunk in image:
                body += chunk
                self.status = image.cache_status
                self.has_begun.set()
        return bytes(body)


def callers(client: imageid.aio.Client, image_id: str) -> list[Caller]:
    return [Caller(client, image_id) for _ in range(CALLERS)]


async def all_have_begun(waiting: list[Caller]) -> None:
    await asyncio.gather(*(caller.has_begun.wait() for caller in waiting))


async def test_every_caller_gets_the_first_bytes_while_the_origin_holds_back_the_rest(
    client: imageid.aio.Client, origin: ScriptedOrigin
) -> None:
    body, released = noise_jpeg(1, 500), asyncio.Event()
    url = origin.route("/a.jpg", Answer(body, "image/jpeg").stalled(FIRST_BYTES, released))

    waiting = callers(client, url)
    await all_have_begun(waiting)
    assert not any(caller.task.done() for caller in waiting)
    released.set()

    assert set(await asyncio.gather(*(caller.task for caller in waiting))) == {body}


async def test_200_callers_of_one_cold_image_cost_one_origin_request(
    client: imageid.aio.Client, origin: ScriptedOrigin
) -> None:
    body, released = noise_jpeg(2, 500), asyncio.Event()
    url = origin.route("/a.jpg", Answer(body, "image/jpeg").stalled(FIRST_BYTES, released))

    waiting = callers(client, url)
    await all_have_begun(waiting)
    released.set()
    bodies = await asyncio.gather(*(caller.task for caller in waiting))

    assert origin.count() == 1
    assert set(bodies) == {body}
    statuses = Counter(caller.status for caller in waiting)
    assert statuses == {"miss": 1, "coalesced": CALLERS - 1}


@pytest.mark.parametrize("seed", range(5))
async def test_199_callers_that_leave_at_random_do_not_disturb_the_last(
    client: imageid.aio.Client, origin: ScriptedOrigin, seed: int
) -> None:
    chance = random.Random(seed)
    body, released = noise_jpeg(seed, 500), asyncio.Event()
    url = origin.route("/a.jpg", Answer(body, "image/jpeg").stalled(FIRST_BYTES, released))

    first, *others = callers(client, url)
    await first.has_begun.wait()  # without any caller the fetch itself would be cancelled
    chance.shuffle(others)
    early, late = others[: (cut := chance.randrange(CALLERS - 1))], [first, *others[cut:]]
    for caller in early:  # some of them before they are connected
        caller.task.cancel()
    await all_have_begun(late)
    chance.shuffle(late)
    last, leaving = late[0], [*late[1:], *early]
    for caller in leaving:
        caller.task.cancel()
    await asyncio.gather(*(caller.task for caller in leaving), return_exceptions=True)
    released.set()

    assert await last.task == body
    assert origin.count() == 1
    assert all(caller.task.cancelled() for caller in leaving)


async def test_a_deadline_of_one_caller_is_not_one_of_the_others(
    client: imageid.aio.Client, origin: ScriptedOrigin, daemon_address: str
) -> None:
    body, released = noise_jpeg(3, 500), asyncio.Event()
    url = origin.route("/a.jpg", Answer(body, "image/jpeg").stalled(FIRST_BYTES, released))

    async with imageid.aio.connect(daemon_address, timeout=1) as hurried:
        in_a_hurry = Caller(hurried, url)
        await in_a_hurry.has_begun.wait()
        patient = Caller(client, url)
        await patient.has_begun.wait()
        with pytest.raises(imageid.Error) as failure:
            await in_a_hurry.task
    released.set()

    assert failure.value.code.name == "DEADLINE_EXCEEDED"
    assert await patient.task == body
    assert origin.count() == 1


async def test_a_broken_body_is_an_error_for_every_caller(
    client: imageid.aio.Client, origin: ScriptedOrigin
) -> None:
    body, released = noise_jpeg(4, 500), asyncio.Event()
    broken = Answer(body, "image/jpeg").stalled(FIRST_BYTES, released).truncated(2 * FIRST_BYTES)
    url = origin.route("/a.jpg", broken)

    waiting = callers(client, url)
    await all_have_begun(waiting)
    released.set()
    outcomes = await asyncio.gather(*(c.task for c in waiting), return_exceptions=True)

    assert {getattr(outcome, "reason", None) for outcome in outcomes} == {"CHECKSUM_MISMATCH"}


async def test_callers_of_the_pixels_share_one_download(
    client: imageid.aio.Client, origin: ScriptedOrigin
) -> None:
    released = asyncio.Event()
    file = own_file("CT_small.dcm").read_bytes()
    url = origin.route("/ct.dcm", Answer(file, "application/dicom").stalled(500, released))

    loads = [asyncio.create_task(client.load(f"wadouri:{url}")) for _ in range(50)]
    await origin.requests_arrive(1)
    released.set()
    images = await asyncio.gather(*loads)

    assert origin.count() == 1
    assert len({image.sha256 for image in images}) == 1
    # One caller begins the download, and one, perhaps another, the decoding.
    statuses = Counter(image.cache_status for image in images)
    assert statuses["miss"] in (1, 2)
    assert set(statuses) <= {"miss", "coalesced", "hit"}
