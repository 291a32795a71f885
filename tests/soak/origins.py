"""The origins of a soak: one that is in order, one that is not, one that has a series."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from imageid_loaders.part10 import phantom_file
from origins.corpus import DicomFile
from origins.dicomweb import DICOM, DicomwebOrigin
from origins.pictures import noise_jpeg
from origins.scripted import Answer, Ranged, ScriptedOrigin, Validated
from origins.server import Received, Reply
from soak.material import Subject, body_of_once, digest

_SLICES, _PICTURES, _BODIES, _MOODY = 32, 12, 12, 10
_BODY_BYTES = 700_000
_ONCE = "/once/"
# What a caller may be told of an origin that breaks off, or fails again and again.
_REASONS = ("ORIGIN_UNAVAILABLE", "ORIGIN_TIMEOUT", "ORIGIN_RATE_LIMITED", "CHECKSUM_MISMATCH")
_STALL_SECONDS = 0.4

Mood = Literal["whole", "breaks", "resets", "stalls", "drips", "fails"]
MOODS: tuple[Mood, ...] = ("whole", "whole", "breaks", "resets", "stalls", "drips", "fails")


@dataclass(frozen=True, slots=True)
class Moody:
    """The same body each time, as well or badly as chance has it; it can be continued."""

    body: bytes
    chance: random.Random
    headers: dict[str, str]

    async def __call__(self, request: Received, reply: Reply) -> None:
        mood = self.chance.choice(MOODS)
        if mood == "fails":
            await Answer(b"not now", "text/plain", 503)(request, reply)
            return
        at, etag = self.chance.randrange(1, len(self.body)), f'"{digest(self.body)[:16]}"'
        answer = Ranged(self.body, etag, headers=self.headers, content_type=DICOM)
        if mood in ("breaks", "resets", "stalls"):
            answer.breaks, answer.resets = [at], mood == "resets"
        if mood == "stalls":
            answer.released = asyncio.Event()
            asyncio.get_running_loop().call_later(_STALL_SECONDS, answer.released.set)
        if mood == "drips":
            whole = Answer(self.body, DICOM, headers=self.headers | {"ETag": etag})
            await whole.dripped(9_000)(request, reply)
        else:
            await answer(request, reply)


class Orderly(ScriptedOrigin):
    """What is asked for once is made when it is asked for."""

    async def _answer(self, request: Received, reply: Reply) -> None:
        if request.path.startswith(_ONCE):
            body = body_of_once(int(request.path.removeprefix(_ONCE)))
            await Answer(body, DICOM).with_headers(Cache_Control="max-age=60")(request, reply)
        else:
            await super()._answer(request, reply)


@dataclass(slots=True)
class Origins:
    orderly: Orderly
    moody: ScriptedOrigin
    dicomweb: DicomwebOrigin

    def forget(self) -> int:
        """Requests are remembered, and those of hours are many; gives how many continued a body."""
        continued = sum("range" in request.headers for request in self.moody.requests)
        for server in (self.orderly, self.moody, self.dicomweb):
            server.forget()
        return continued

    @property
    def hosts(self) -> list[str]:
        return [f"127.0.0.1:{each.port}" for each in (self.orderly, self.moody, self.dicomweb)]

    @property
    def once(self) -> str:
        return f"wadouri:{self.orderly.url}{_ONCE}"

    def slices(self) -> dict[str, bytes]:
        """Files of a series by imageId; every other one is validated each time (304)."""
        found = {}
        for number in range(1, _SLICES + 1):
            data = phantom_file(number)
            answer = Answer(data, DICOM).with_headers(Cache_Control="max-age=3600")
            confirmed = Answer(data, DICOM).with_headers(Cache_Control="max-age=0")
            handler = Validated(confirmed, f'"{number}"') if number % 2 else answer
            found["wadouri:" + self.orderly.route(f"/slices/{number}.dcm", handler)] = data
        return found

    def add_series(self, files: list[DicomFile]) -> dict[str, bytes]:
        """By imageIds that are fetched together."""
        for file in files:
            self.dicomweb.add(file)
        return {f"wadors:{self.dicomweb.dicomweb_url}{f.instance_path}": f.data for f in files}

    def bodies(self) -> list[Subject]:
        """Pictures, and large bodies, as they are."""
        subjects = []
        for number in range(_PICTURES):
            body = noise_jpeg(number, 150)
            answer = Answer(body, "image/jpeg").with_headers(Cache_Control="max-age=5")
            url = self.orderly.route(f"/pictures/{number}.jpg", answer)
            subjects.append(Subject(url, {"encoded": digest(body)}))
        for number in range(_BODIES):
            body = random.Random(number).randbytes(_BODY_BYTES + number * 100_000)
            url = self.orderly.route(f"/large/{number}.dcm", Answer(body, DICOM).framed_by("close"))
            subjects.append(Subject(f"wadouri:{url}", {"encoded": digest(body)}))
        return subjects

    def moods(self, seed: int) -> list[Subject]:
        """Bodies that may not come, but come right if they do."""
        subjects = []
        for number in range(_MOODY):
            chance = random.Random(seed + number)
            body = chance.randbytes(250_000 * (number + 1))
            answer = Moody(body, chance, {"Cache-Control": f"max-age={number % 3}"})
            url = self.moody.route(f"/moody/{number}.dcm", answer)
            subjects.append(Subject(f"wadouri:{url}", {"encoded": digest(body)}, _REASONS))
        return subjects


@asynccontextmanager
async def running() -> AsyncIterator[Origins]:
    async with Orderly() as orderly, ScriptedOrigin() as moody, DicomwebOrigin() as dicomweb:
        yield Origins(orderly, moody, dicomweb)
