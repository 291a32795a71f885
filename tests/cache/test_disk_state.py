"""When the cache's disk is written to, and when it is tried again."""

from hypothesis import given
from hypothesis import strategies as st

from imageid_daemon.cache.disk_state import LONGEST_WAIT_SECONDS, DiskHealth, DiskState


def failed_probes(health: DiskHealth, count: int, now_seconds: float) -> list[float]:
    """How long it waited for each of these probes."""
    waits = []
    for _ in range(count):
        waits.append(health.probe_due_seconds - now_seconds)
        now_seconds = health.probe_due_seconds
        assert health.probe(now_seconds)
        health.refused(now_seconds)
    return waits


def test_a_refusal_stops_writing_and_a_probe_that_works_begins_it_again():
    health = DiskHealth()

    assert health.refused(100.0)
    assert health.state is DiskState.READ_THROUGH
    assert health.probe(100.5)
    assert health.state is DiskState.PROBING
    assert health.worked(100.6)
    assert health.state is DiskState.OK


def test_a_disk_is_not_tried_before_its_time():
    health = DiskHealth()
    health.refused(100.0)

    assert not health.probe(100.49)
    assert health.state is DiskState.READ_THROUGH


def test_each_probe_that_fails_doubles_the_wait_up_to_half_a_minute():
    health = DiskHealth()
    health.refused(0.0)

    assert failed_probes(health, 9, 0.0) == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_what_was_begun_before_the_refusal_and_fails_later_changes_nothing():
    health = DiskHealth()
    health.refused(100.0)

    assert not health.refused(100.4)
    assert health.probe_due_seconds == 100.5


def test_a_disk_that_takes_probes_and_nothing_more_is_tried_ever_less_often():
    health = DiskHealth()
    health.refused(0.0)
    health.probe(0.5)
    health.worked(0.5)

    health.refused(0.6)

    assert health.probe_due_seconds == 0.6 + 1.0


def test_a_disk_that_worked_for_long_is_tried_soon_again():
    health = DiskHealth()
    health.refused(0.0)
    failed_probes(health, 5, 0.0)
    now_seconds = health.probe_due_seconds
    health.probe(now_seconds)
    health.worked(now_seconds)

    health.refused(now_seconds + LONGEST_WAIT_SECONDS)

    assert health.probe_due_seconds == now_seconds + LONGEST_WAIT_SECONDS + 0.5


def test_news_that_nobody_waits_for_changes_nothing():
    health = DiskHealth()

    assert not health.probe(1000.0)
    assert not health.worked(1000.0)
    assert health.state is DiskState.OK


events = st.lists(st.tuples(st.sampled_from(["refused", "probe", "worked"]), st.floats(0, 60)))


@given(events)
def test_whatever_happens_it_is_tried_again_within_half_a_minute(steps):
    health, now_seconds = DiskHealth(), 0.0
    for what, after_seconds in steps:
        now_seconds += after_seconds
        before = health.state
        changed = getattr(health, what)(now_seconds)
        assert changed is (health.state is not before)
        if health.state is DiskState.READ_THROUGH:
            assert health.probe_due_seconds <= now_seconds + LONGEST_WAIT_SECONDS
