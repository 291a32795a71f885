"""When a server that fails is left alone, and how it is found to be well again."""

import pytest

from imageid_daemon.origins.breaker import (
    FAILURES,
    FIRST_COOLDOWN_SECONDS,
    LASTING_SECONDS,
    LONGEST_COOLDOWN_SECONDS,
    Breaker,
    State,
)


def failing(breaker: Breaker, times: int, since: float, until: float) -> None:
    for _ in range(times):
        breaker.fail(since, until, is_probe=False)


@pytest.fixture
def opened() -> Breaker:
    """Open since the second LASTING_SECONDS."""
    breaker = Breaker()
    failing(breaker, FAILURES, 0.0, LASTING_SECONDS)
    return breaker


COOLED = LASTING_SECONDS + FIRST_COOLDOWN_SECONDS


def test_a_new_one_is_closed():
    breaker = Breaker()

    assert breaker.state(0.0) is State.CLOSED
    assert breaker.is_untouched
    assert breaker.passes(0.0)


def test_lasting_failures_open_it(opened):
    assert opened.state(LASTING_SECONDS) is State.OPEN
    assert not opened.passes(LASTING_SECONDS)
    assert opened.remaining_seconds(LASTING_SECONDS + 1) == FIRST_COOLDOWN_SECONDS - 1
    assert opened.opened == 1


def test_few_failures_leave_it_closed():
    breaker = Breaker()

    failing(breaker, FAILURES - 1, 0.0, 1000.0)

    assert breaker.state(1000.0) is State.CLOSED


def test_many_failures_at_once_leave_it_closed_for_trying_again_bridges_them():
    breaker = Breaker()

    failing(breaker, 100, 0.0, LASTING_SECONDS - 0.1)

    assert breaker.state(LASTING_SECONDS) is State.CLOSED


def test_an_answer_between_failures_begins_the_count_anew():
    breaker = Breaker()

    failing(breaker, FAILURES - 1, 0.0, LASTING_SECONDS)
    breaker.succeed(is_probe=False)
    failing(breaker, FAILURES - 1, 0.0, 2 * LASTING_SECONDS)

    assert breaker.state(2 * LASTING_SECONDS) is State.CLOSED


def test_after_a_while_one_request_probes(opened):
    assert opened.state(COOLED) is State.HALF_OPEN
    assert opened.passes(COOLED)

    assert opened.begin(COOLED) is True

    assert not opened.passes(COOLED)


def test_a_probe_that_succeeds_closes_it(opened):
    opened.begin(COOLED)

    opened.succeed(is_probe=True)

    assert opened.state(COOLED) is State.CLOSED
    assert opened.is_untouched
    assert opened.begin(COOLED) is False


def test_a_probe_that_fails_opens_it_for_twice_as_long_up_to_a_limit(opened):
    now, cooldowns = COOLED, []
    for _ in range(6):
        opened.begin(now)
        opened.fail(now, now, is_probe=True)
        cooldowns.append(opened.remaining_seconds(now))
        now += cooldowns[-1]

    assert cooldowns == [10.0, 20.0, 40.0, *[LONGEST_COOLDOWN_SECONDS] * 3]
    assert opened.opened == 7


def test_a_probe_whose_caller_leaves_makes_room_for_another(opened):
    opened.begin(COOLED)

    opened.forget(is_probe=True)

    assert opened.passes(COOLED)


def test_what_was_asked_before_it_opened_tells_nothing_of_now(opened):
    opened.succeed(is_probe=False)
    opened.fail(0.0, COOLED, is_probe=False)

    assert opened.state(LASTING_SECONDS) is State.OPEN
    assert opened.state(COOLED) is State.HALF_OPEN
    assert opened.opened == 1


def test_a_second_spell_starts_with_the_short_cooldown_again(opened):
    opened.begin(COOLED)
    opened.fail(COOLED, COOLED, is_probe=True)
    later = COOLED + LONGEST_COOLDOWN_SECONDS
    opened.begin(later)
    opened.succeed(is_probe=True)

    failing(opened, FAILURES, later, later + LASTING_SECONDS)

    assert opened.remaining_seconds(later + LASTING_SECONDS) == FIRST_COOLDOWN_SECONDS
