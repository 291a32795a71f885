"""A fill is as urgent as the most urgent of its callers, at every moment."""

from pathlib import Path

from imageid_daemon.callers import Caller, Claims, Priority
from imageid_daemon.fills import Fills

VIEWER = Caller("viewer", Priority.INTERACTION)
SCRIPT = Caller("script", Priority.COMPUTE)
OTHER = Caller("other", Priority.COMPUTE)


async def hang(fill):
    await fill.head()


def test_the_most_urgent_caller_counts_and_of_equals_the_first():
    claims = Claims(SCRIPT, OTHER)

    assert claims.foremost == SCRIPT
    claims.add(VIEWER)
    assert claims.foremost == VIEWER
    claims.remove(VIEWER)
    assert claims.foremost == SCRIPT


def test_when_all_have_left_the_last_one_still_counts():
    claims = Claims(SCRIPT)

    claims.remove(SCRIPT)

    assert claims.foremost == SCRIPT


def test_a_caller_that_asked_twice_must_leave_twice():
    claims = Claims(SCRIPT, VIEWER, VIEWER)

    claims.remove(VIEWER)
    assert claims.foremost == VIEWER
    claims.remove(VIEWER)
    assert claims.foremost == SCRIPT


def test_a_watcher_hears_of_each_change_and_of_nothing_else():
    claims, heard = Claims(SCRIPT), []

    with claims.watched(lambda: heard.append(claims.foremost)):
        claims.add(OTHER)
        claims.add(VIEWER)
        claims.remove(VIEWER)
    claims.add(VIEWER)

    assert heard == [VIEWER, SCRIPT]


async def test_callers_that_join_and_leave_a_fill_change_its_urgency(tmp_path: Path):
    fills = Fills(lambda: tmp_path / "spool")

    async with fills.join("key", hang, SCRIPT) as (fill, _):
        async with fills.join("key", hang, VIEWER):
            together = fill.claims.foremost
        alone = fill.claims.foremost
    await fills.close()

    assert (together, alone) == (VIEWER, SCRIPT)
