"""Child: a cache that is killed over and over, and what it had promised.

    python -m disk_faults.kills CACHE MANIFEST ROUNDS

Each round is a process of its own. It opens the cache, checks every promise that stands in the
manifest, and stores, removes and evicts until it is killed: in the first rounds at the first
call on the disk, at the second, and so on; then at random calls and random moments. A promise
is written, outside the cache, once a caller was told that its image is stored, and taken back
before it is removed. Prints rounds killed, promises made and promises checked.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from tests.resolver.conftest import Answer, World, world_at

from disk_faults import Faults
from imageid_daemon.cache import Mode

_IMAGES_A_ROUND = 8
_REMEMBERED = 30


def body(name: str) -> bytes:
    """What the origin has under a name: some of a few bytes, some of several parts."""
    chance = random.Random(name)
    return chance.randbytes(chance.choice([1, 700, 40_000, 300_000]))


def answer(name: str) -> Answer:
    return Answer(body(name), headers={"cache-control": "max-age=86400"})


class Manifest:
    """What the cache must still have: one line a change, each written at once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def promise(self, name: str) -> None:
        self._write(f"+{name}\n")

    def take_back(self, name: str) -> None:
        self._write(f"-{name}\n")

    def promised(self) -> list[str]:
        names: dict[str, None] = {}
        for line in self._path.read_text().splitlines() if self._path.exists() else ():
            if line[0] == "+":
                names[line[1:]] = None
            else:
                names.pop(line[1:], None)
        return list(names)

    def _write(self, line: str) -> None:
        with self._path.open("a") as file:
            file.write(line)


async def check(world: World, promised: list[str]) -> None:
    """Every promise is a hit with the right bytes, and nothing is left over."""
    for name in promised:
        image_id = world.loader.serve(name, answer(name))
        loaded = await world.load(image_id, mode=Mode.ONLY_IF_CACHED.value)
        assert (loaded.data, loaded.status) == (body(name), "hit"), name
    store = world.store
    await store.swept()
    await store.removed()
    assert list((world.directory / "spool").iterdir()) == []
    files = {path.name for path in world.blobs()}
    assert files == store.ledger.digests()
    assert {path.name for path in (world.directory / "facts").glob("*/*")} <= files
    assert not list((world.directory / "quarantine").iterdir())
    for key in sorted(store.ledger.keys()):  # also of what was never promised: nothing torn
        entry = await store.find(key)
        assert entry is not None
        file = await store.open_blob(entry)
        assert file is not None, key
        file.close()


async def work(world: World, manifest: Manifest, number: int, promised: list[str]) -> None:
    async def load(name: str) -> None:
        loaded = await world.load(world.loader.serve(name, answer(name)))
        if loaded.stored:
            manifest.promise(name)

    await load(f"{number}-first")
    await asyncio.gather(*(load(f"{number}-{n}") for n in range(_IMAGES_A_ROUND)))
    await world.store.flush()
    for name in promised[: max(4, len(promised) - _REMEMBERED)]:
        manifest.take_back(name)
        await world.resolver.evict([world.loader.serve(name, Answer())], count_only=False)


async def one_round(cache: Path, manifest: Manifest, number: int, kill: Kill | None) -> int:
    """Gives how many calls on the disk the work took, where it was not killed."""
    faults = Faults(cache)
    async with world_at(cache, decodes=False) as world:
        promised = manifest.promised()
        await check(world, promised)
        faults.stop()
        if kill is not None:
            kill.arm(faults)
        await work(world, manifest, number, promised)
    return faults.calls


class Kill:
    """At a call, or after some seconds."""

    def __init__(self, *, at_call: int = 0, after_seconds: float = 0.0) -> None:
        self._at_call = at_call
        self._after_seconds = after_seconds

    def arm(self, faults: Faults) -> None:
        if self._at_call:
            faults.kill(self._at_call)
        else:
            # Nobody handles this signal: it ends the process where it is.
            signal.setitimer(signal.ITIMER_REAL, self._after_seconds)


def kills(rounds: int) -> Iterator[Kill]:
    chance = random.Random(20261125)
    for number in range(rounds):
        if number < rounds // 2:
            yield Kill(at_call=number + 1)
        elif number % 2:
            yield Kill(at_call=chance.randrange(1, 400))
        else:
            yield Kill(after_seconds=chance.uniform(0.0005, 0.05))


def in_a_process(cache: Path, manifest: Manifest, number: int, kill: Kill | None) -> bool:
    """Whether it was killed."""
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(one_round(cache, manifest, number, kill))
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) in (signal.SIGKILL, signal.SIGALRM), status
        return True
    assert os.WEXITSTATUS(status) == 0, f"round {number}"
    return False


def main() -> None:
    cache, manifest, rounds = Path(sys.argv[1]), Manifest(Path(sys.argv[2])), int(sys.argv[3])
    killed = made = checked = 0
    for number, kill in enumerate(kills(rounds)):
        before = set(manifest.promised())
        checked += len(before)
        killed += in_a_process(cache, manifest, number, kill)
        made += len(set(manifest.promised()) - before)
    checked += len(manifest.promised())
    assert not in_a_process(cache, manifest, rounds, None)
    print(killed, made, checked)


if __name__ == "__main__":
    main()
