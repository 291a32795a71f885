"""A disk that refuses is left alone, tried, and used again; each change is told once."""

import asyncio
import errno

import pytest
import structlog
from tests.cache.conftest import keep, read

from imageid_daemon.cache import DiskState
from imageid_daemon.cache.disk_watch import DiskWatch
from imageid_daemon.metrics import Metrics

REFUSAL = OSError(errno.ENOSPC, "no space left")


class Probes:
    """The first of them fail."""

    def __init__(self, failures):
        self.failures = failures
        self.count = 0

    async def __call__(self):
        self.count += 1
        if self.count <= self.failures:
            raise REFUSAL


async def recovered(watch):
    async with asyncio.timeout(20):
        await watch.recovered()


async def test_it_is_probed_until_it_works_and_each_change_is_told_once():
    changes, probes = [], Probes(failures=2)
    watch = DiskWatch(probes, changes.append, first_wait_seconds=0.001)
    watch.begin()

    with structlog.testing.capture_logs() as lines:
        watch.refused(REFUSAL)
        watch.refused(REFUSAL)
        assert not watch.is_writable
        await recovered(watch)

    retry = [DiskState.PROBING, DiskState.READ_THROUGH]
    assert changes == [DiskState.READ_THROUGH, *retry, *retry, DiskState.PROBING, DiskState.OK]
    assert [line["log_level"] for line in lines] == ["warning"] * 3 + ["info"]
    assert {line["reason"] for line in lines[:3]} == {"ENOSPC"}
    await watch.close()


async def test_a_stop_ends_the_probing():
    watch = DiskWatch(Probes(failures=10**9), lambda _: None)
    watch.begin()
    watch.refused(REFUSAL)

    await watch.close()

    assert not watch.is_writable


async def test_nothing_is_written_until_the_disk_has_recovered_and_reads_go_on(disk):
    async with disk.opened(probe_after_seconds=0.001) as store:
        await keep(store, "a", b"body")
        store.disk.refused(REFUSAL)

        assert not await store.reservation().grow(1)
        assert await read(store, "a") == b"body"

        await recovered(store.disk)
        await keep(store, "b", b"other")


async def test_a_folder_that_somebody_deleted_is_made_again(disk):
    async with disk.opened(probe_after_seconds=0.001) as store:
        (disk.directory / "spool").rmdir()
        with pytest.raises(OSError):
            await keep(store, "a", b"body")

        store.disk.refused(REFUSAL)
        await recovered(store.disk)

        await keep(store, "a", b"body")
        assert await read(store, "a") == b"body"


def test_the_state_and_its_changes_are_metrics():
    metrics = Metrics()

    metrics.observe_disk_state("read_through")

    def value(name, state):
        return metrics.registry.get_sample_value(f"imageid_cache_disk_{name}", {"state": state})

    assert [value("state", state) for state in ("ok", "read_through", "probing")] == [0, 1, 0]
    assert value("state_changes_total", "read_through") == 1
    assert value("state_changes_total", "probing") == 0
