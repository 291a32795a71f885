"""One program among several, whose visitors do everything that a client can, at random.

    python -m soak.visits ADDRESS TCP_ADDRESS TOKEN MATERIAL SEED

Each visitor connects, does some things, leaves and comes again, until a line or the end comes by
standard input. Prints one JSON document: how often what was done, and what was wrong.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

import imageid
from soak.material import Material, Subject, body_of_once, digest

_VISITORS = 4
_HOSTILE_PAUSE_SECONDS = 4.0
_CALLERS_OWN = ("DEADLINE_EXCEEDED",)
_WRONG_TOLD = 20


@dataclass(slots=True)
class Tally:
    """What came of everything that was done."""

    done: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def note_wrong(self, said: str) -> None:
        self.done["wrong"] += 1
        if len(self.wrong) < _WRONG_TOLD:
            self.wrong.append(said)


class Visitor:
    """Args:
    client: connected as this visitor likes.
    may_fail: reasons that are its own doing.
    """

    def __init__(
        self,
        client: imageid.aio.Client,
        material: Material,
        chance: random.Random,
        tally: Tally,
        may_fail: tuple[str, ...] = (),
    ) -> None:
        self._client = client
        self._material = material
        self._chance = chance
        self._tally = tally
        self._may_fail = may_fail

    async def act(self) -> None:
        """Do one thing; what is wrong about it is noted."""
        (act,) = self._chance.choices(_ACTS, _WEIGHTS)
        name = act.__name__
        try:
            await act(self)
        except imageid.Error as error:
            self._refused(name, error, ())
        else:
            self._tally.done[name] += 1

    # Loading

    async def load(self) -> None:
        subject, output = self._one()
        await self._load(subject, output)

    async def load_one_more(self) -> None:
        """One that nobody has asked for before, nor will again."""
        number = self._chance.randrange(10**12)
        image = await self._client.load(f"{self._material.once}{number}", "encoded")
        self._compare(f"once {number}", "encoded", digest(body_of_once(number)), image.data)

    async def load_many(self) -> None:
        output = self._chance.choice(("encoded", "pixels", "png"))
        able = [each for each in self._material.subjects if output in each.sha256]
        subjects = self._chance.choices(able, k=self._chance.randint(2, 40))
        images = self._client.load_many(
            [each.image_id for each in subjects], output, errors="return"
        )
        for subject in subjects:
            image = await anext(images)
            if isinstance(image, imageid.Error):
                self._refused("load_many", image, subject.failures)
            else:
                self._compare(subject.image_id, output, subject.sha256[output], image.data)
        await images.aclose()

    async def read_slowly(self) -> None:
        subject, _ = self._one("encoded")
        body = bytearray()
        try:
            async with self._client.stream(subject.image_id, "encoded") as image:
                async for chunk in image:
                    body += chunk
                    await asyncio.sleep(self._chance.random() * 0.1)
        except imageid.Error as error:
            self._refused("read_slowly", error, subject.failures)
        else:
            self._compare(subject.image_id, "encoded", subject.sha256["encoded"], bytes(body))

    async def leave_early(self) -> None:
        subject, _ = self._one("encoded")
        try:
            async with self._client.stream(subject.image_id, "encoded") as image:
                async for _chunk in image:
                    break
        except imageid.Error as error:
            self._refused("leave_early", error, subject.failures)

    async def cancel(self) -> None:
        act = self._chance.choice((Visitor.load, Visitor.load_many, Visitor.prefetch, Visitor.stat))
        task = asyncio.create_task(act(self))
        await asyncio.sleep(self._chance.random() ** 3 * 0.3)
        task.cancel()
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(outcome, Exception):
            raise outcome

    async def miss(self) -> None:
        """What is not there is said not to be there."""
        try:
            await self._client.load(self._chance.choice(self._material.missing))
        except imageid.Error as error:
            self._refused("miss", error, ("IMAGE_NOT_FOUND",))
        else:
            self._tally.note_wrong("an image that does not exist was loaded")

    # Describing

    async def describe(self) -> None:
        subject = self._shaped()
        metadata = await self._client.metadata(subject.image_id)
        self._is(subject.image_id, (metadata.rows, metadata.columns), subject.shape)

    async def describe_many(self) -> None:
        subjects = [self._shaped() for _ in range(self._chance.randint(2, 12))]
        described = await self._client.metadata_many([each.image_id for each in subjects])
        for subject, metadata in zip(subjects, described, strict=True):
            self._is(subject.image_id, (metadata.rows, metadata.columns), subject.shape)

    async def list_series(self) -> None:
        found = await self._client.ls(self._chance.choice(self._material.roots))
        if not found:
            self._tally.note_wrong("a series that is there was listed as empty")

    async def stat(self) -> None:
        subjects = self._chance.choices(self._material.subjects, k=200)
        stats = await self._client.stat([each.image_id for each in subjects])
        self._is("stats", len(stats), len(subjects))
        if reasons := {each.error_reason for each in stats} - {""}:
            self._tally.note_wrong(f"stat of sound imageIds gave {reasons}")

    # The cache

    async def prefetch(self) -> None:
        subjects = self._chance.choices(self._material.subjects, k=self._chance.randint(1, 20))
        results = await self._client.prefetch(
            [each.image_id for each in subjects],
            **self._chance.choice(({}, {"keep_for": 2.0}, {"keep_for": 3.0, "tag": "rounds"})),
            detach=self._chance.random() < 0.3,
        )
        for subject, result in zip(subjects, results, strict=False):
            if result.error is not None:
                self._refused("prefetch", result.error, (*subject.failures, "PIN_LIMIT"))

    async def pin(self) -> None:
        image_ids = [self._one()[0].image_id for _ in range(5)]
        try:
            await self._client.pin(image_ids, keep_for=self._chance.uniform(1, 5), tag="rounds")
        except imageid.Error as error:
            self._refused("pin", error, ("PIN_LIMIT",))
        if self._chance.random() < 0.5:
            await self._client.unpin(image_ids)

    async def evict(self) -> None:
        material, choice = self._material, self._chance.choice
        selected = choice(
            (
                {"prefix": choice(material.prefixes)},
                {"study": choice(material.studies)},
                {"series": choice(material.series)},
                {"origin": choice(material.origins)},
                {"tag": "rounds"},
                {"all": True, "older_than": 5.0},
                {"image_ids": [self._one()[0].image_id for _ in range(8)]},
            )
        )
        is_bold = self._chance.random() < 0.5
        await self._client.evict(
            **selected, include_pinned=is_bold, validate_only=self._chance.random() < 0.2
        )

    async def list_entries(self) -> None:
        prefix = self._chance.choice(self._material.prefixes)
        async for _entry in self._client.entries(prefix=prefix):
            pass

    async def verify(self) -> None:
        corrupt = 0
        async with aclosing(self._client.verify()) as progress:
            async for message in progress:
                corrupt = message.corrupt_blobs
                if self._chance.random() < 0.1:
                    break
        self._is("damaged blobs", corrupt, 0)

    async def watch(self) -> None:
        try:
            async with asyncio.timeout(self._chance.uniform(0.2, 3)):
                async with aclosing(self._client.watch(after=0)) as events:
                    async for _event in events:
                        pass
        except TimeoutError:
            pass
        except imageid.Error as error:
            self._refused("watch", error, ("EVENTS_COMPACTED",))

    async def _load(self, subject: Subject, output: str) -> None:
        cache = self._chance.choices(("default", "no-cache", "reload", "no-store"), (9, 1, 1, 1))[0]
        try:
            image = await self._client.load(subject.image_id, output, cache=cache)
        except imageid.Error as error:
            self._refused("load", error, subject.failures)
        else:
            self._compare(subject.image_id, output, subject.sha256[output], image.data)

    def _one(self, output: str = "") -> tuple[Subject, str]:
        subject = self._chance.choice(self._material.subjects)
        return subject, output or self._chance.choice(list(subject.sha256))

    def _shaped(self) -> Subject:
        return self._chance.choice([each for each in self._material.subjects if each.shape])

    def _refused(self, what: str, error: imageid.Error, failures: tuple[str, ...]) -> None:
        self._tally.done[f"{what}: {error.reason}"] += 1
        if error.reason not in (*failures, *self._may_fail):
            self._tally.note_wrong(f"{what}: {error}")

    def _compare(self, what: str, output: str, sha256: str, data: bytes | memoryview) -> None:
        self._is(f"{what} as {output}", digest(data), sha256)

    def _is(self, what: str, found: object, expected: object) -> None:
        if found != expected:
            self._tally.note_wrong(f"{what}: {found!r} instead of {expected!r}")


_CHOSEN: dict[Callable[[Visitor], Awaitable[None]], int] = {
    Visitor.load: 40,
    Visitor.load_one_more: 10,
    Visitor.load_many: 8,
    Visitor.read_slowly: 8,
    Visitor.leave_early: 8,
    Visitor.cancel: 12,
    Visitor.miss: 3,
    Visitor.describe: 8,
    Visitor.describe_many: 2,
    Visitor.list_series: 1,
    Visitor.stat: 3,
    Visitor.prefetch: 5,
    Visitor.pin: 3,
    Visitor.evict: 2,
    Visitor.list_entries: 2,
    Visitor.verify: 1,
    Visitor.watch: 3,
}
_ACTS, _WEIGHTS = list(_CHOSEN), list(_CHOSEN.values())


@dataclass(frozen=True, slots=True)
class Program:
    """Args:
    addresses: the unix socket, and by TCP, with the token.
    """

    addresses: tuple[tuple[str, str | None], ...]
    material: Material
    tally: Tally
    over: asyncio.Event

    async def visit(self, chance: random.Random) -> None:
        """Come and go until it is over."""
        while not self.over.is_set():
            address, token = chance.choice(self.addresses)
            is_hurried = chance.random() < 0.15
            async with imageid.aio.connect(
                address,
                token=token,
                timeout=chance.uniform(0.02, 0.5) if is_hurried else None,
                local_files=chance.random() < 0.5,
            ) as client:
                may_fail = _CALLERS_OWN if is_hurried else ()
                visitor = Visitor(client, self.material, chance, self.tally, may_fail)
                for _ in range(chance.randint(1, 40)):
                    if not self.over.is_set():
                        await visitor.act()

    async def be_hostile(self) -> None:
        """Ask, again and again, for what costs a worker its life."""
        async with imageid.aio.connect(self.addresses[0][0]) as client:
            while not self.over.is_set():
                await client.evict([self.material.hostile])
                try:
                    await client.load(self.material.hostile)
                except imageid.Error as error:
                    self.tally.done[f"hostile: {error.reason}"] += 1
                    if error.reason != "DECODE_LIMIT":
                        self.tally.note_wrong(f"hostile: {error}")
                else:
                    self.tally.note_wrong("what never ends was decoded")
                try:
                    await asyncio.wait_for(self.over.wait(), _HOSTILE_PAUSE_SECONDS)
                except TimeoutError:
                    continue


async def run(program: Program, seed: int) -> None:
    visits = [program.visit(random.Random(seed * 100 + n)) for n in range(_VISITORS)]
    if seed % 3 == 0:
        visits.append(program.be_hostile())
    visiting = asyncio.gather(*visits)
    listening = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
    await asyncio.wait([visiting, listening], return_when=asyncio.FIRST_COMPLETED)
    program.over.set()
    await visiting


async def main(address: str, tcp_address: str, token: str, material: str, seed: str) -> None:
    known = msgspec.json.decode(Path(material).read_bytes(), type=Material)
    tally = Tally()
    addresses = ((address, None), (tcp_address, token))
    await run(Program(addresses, known, tally, asyncio.Event()), int(seed))
    print(json.dumps({"done": tally.done, "wrong": tally.wrong}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
