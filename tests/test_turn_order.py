"""Who gets the next turn at a server."""

from hypothesis import given
from hypothesis import strategies as st

from imageid_daemon.callers import Caller, Priority
from imageid_daemon.turn_order import ELDERS_TURN, OVERDUE_SECONDS, Line

INTERACTION, THUMBNAIL, PREFETCH, COMPUTE = Priority
CALLERS = st.builds(Caller, st.sampled_from("abc"), st.sampled_from(Priority))


def joined(line: Line, *callers: tuple[str, Priority], now_seconds: float = 0.0) -> list:
    return [line.join(Caller(*caller), now_seconds) for caller in callers]


def turns(line: Line, count: int, now_seconds: float = 0.0) -> list:
    return [line.take(now_seconds) for _ in range(count)]


def test_the_most_urgent_class_goes_first():
    line = Line()
    compute, prefetch, thumbnail, interaction = joined(
        line, ("a", COMPUTE), ("a", PREFETCH), ("a", THUMBNAIL), ("a", INTERACTION)
    )

    assert turns(line, 5) == [interaction, thumbnail, prefetch, compute, None]


def test_one_caller_is_served_in_the_order_in_which_it_asked():
    line = Line()
    places = joined(line, *[("a", PREFETCH)] * 5)

    assert turns(line, 5) == places


def test_turns_go_round_the_callers_of_a_class():
    line = Line()
    a1, a2, a3, b1, b2, c1 = joined(line, *((who, COMPUTE) for who in "aaabbc"))

    assert turns(line, 6) == [a1, b1, c1, a2, b2, a3]


def test_who_asks_for_one_image_does_not_wait_for_the_thousand_of_another():
    line = Line()
    joined(line, *[("batch", INTERACTION)] * 1000)
    [one] = joined(line, ("viewer", INTERACTION))

    assert one in turns(line, 2)


def test_a_request_that_becomes_more_urgent_overtakes():
    line = Line()
    first, second = joined(line, ("a", PREFETCH), ("a", PREFETCH))

    line.move(second, Caller("b", INTERACTION))

    assert turns(line, 2) == [second, first]


def test_a_request_that_becomes_less_urgent_goes_back():
    line = Line()
    first, second = joined(line, ("a", INTERACTION), ("a", THUMBNAIL))

    line.move(first, Caller("a", COMPUTE))

    assert turns(line, 2) == [second, first]


def test_who_has_left_or_had_its_turn_is_not_moved_back_into_the_line():
    line = Line()
    left, served = joined(line, ("a", PREFETCH), ("b", PREFETCH))
    line.leave(left)
    assert turns(line, 1) == [served]

    for place in (left, served):
        line.move(place, Caller("a", INTERACTION))
        line.leave(place)

    assert len(line) == 0


def test_the_lengths_are_told_by_class():
    line = Line()
    joined(line, ("a", INTERACTION), ("a", COMPUTE), ("b", COMPUTE))

    assert line.lengths() == {INTERACTION: 1, THUMBNAIL: 0, PREFETCH: 0, COMPUTE: 2}


def test_every_eighth_turn_is_that_of_who_has_waited_longest():
    line = Line()
    [old] = joined(line, ("a", COMPUTE))
    joined(line, *[("b", INTERACTION)] * 100)

    served = turns(line, 2 * ELDERS_TURN, now_seconds=OVERDUE_SECONDS)

    assert served.index(old) == ELDERS_TURN - 1


def test_a_short_wait_is_not_overdue():
    line = Line()
    [old] = joined(line, ("a", COMPUTE))
    joined(line, *[("b", INTERACTION)] * 100)

    assert old not in turns(line, 100, now_seconds=OVERDUE_SECONDS - 1)


def test_asking_whose_turn_is_next_changes_nothing():
    line = Line()
    [old] = joined(line, ("a", COMPUTE))
    joined(line, *[("b", INTERACTION)] * 2 * ELDERS_TURN, now_seconds=OVERDUE_SECONDS)

    for _ in range(2 * ELDERS_TURN):
        following = line.next(OVERDUE_SECONDS)
        assert line.next(OVERDUE_SECONDS) is following
        assert line.take(OVERDUE_SECONDS) is following
        assert following.came_by_age == (following is old)


def test_a_request_whose_turn_came_to_nothing_is_the_first_of_its_class_again():
    line = Line()
    a1, a2, b1, urgent = joined(
        line, ("a", PREFETCH), ("a", PREFETCH), ("b", PREFETCH), ("c", THUMBNAIL)
    )
    assert turns(line, 2) == [urgent, a1]

    line.put_back(a1, Caller("a", PREFETCH))
    joined(line, ("c", INTERACTION))

    assert turns(line, 5)[1:] == [a1, b1, a2, None]


def test_who_is_put_back_may_have_become_more_urgent():
    line = Line()
    first, second = joined(line, ("a", INTERACTION), ("a", PREFETCH))
    line.leave(first)
    assert turns(line, 1) == [second]
    joined(line, ("a", THUMBNAIL))

    line.put_back(second, Caller("b", INTERACTION))

    assert line.take(0.0) is second


def test_who_is_put_back_has_waited_as_long_as_before():
    line = Line()
    [old] = joined(line, ("a", COMPUTE))
    assert turns(line, 1) == [old]
    joined(line, *[("b", INTERACTION)] * 100, now_seconds=OVERDUE_SECONDS)

    line.put_back(old, Caller("a", COMPUTE))

    assert old in turns(line, ELDERS_TURN, now_seconds=OVERDUE_SECONDS)


@given(
    before=st.lists(CALLERS, max_size=12),
    caller=CALLERS,
    arriving=st.lists(CALLERS, min_size=1, max_size=4),
)
def test_nobody_starves_whatever_arrives(before, caller, arriving):
    line = Line()
    for each in before:
        line.join(each, 0.0)
    place = line.join(caller, 0.0)

    served = []
    for _ in range(ELDERS_TURN * (len(before) + 1)):
        for each in arriving:
            line.join(each, OVERDUE_SECONDS)
        served.append(line.take(OVERDUE_SECONDS))

    assert place in served


@given(st.lists(st.tuples(CALLERS, CALLERS), max_size=30))
def test_everybody_is_served_exactly_once_in_the_order_of_the_classes(moves):
    line = Line()
    places = [line.join(before, 0.0) for before, _ in moves]
    for place, (_, after) in zip(places, moves, strict=True):
        line.move(place, after)

    served = turns(line, len(places))

    assert len(set(map(id, served))) == len(places)
    assert set(map(id, served)) == set(map(id, places))
    assert [p.caller.priority for p in served] == sorted(p.caller.priority for p in served)
    assert line.take(0.0) is None
