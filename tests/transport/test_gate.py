"""One server's gate: what its line, limit, rate and breaker decide together."""

from hypothesis import given, settings
from hypothesis import strategies as st

from imageid_daemon.callers import Caller
from imageid_daemon.origins.breaker import FAILURES, LASTING_SECONDS
from imageid_daemon.origins.gate import Gate, Limits, Outcome

FAILED = Outcome(failed=True)
OUTCOMES = [Outcome(), FAILED, Outcome(slow=True), Outcome(failed=True, slow=True), None]


def queued(gate: Gate, count: int) -> None:
    for _ in range(count):
        gate.line.join(Caller(), 0.0)


def admitted(gate: Gate, now_seconds: float = 0.0) -> list:
    turns = []
    while found := gate.admit(now_seconds):
        turns.append(found[1])
    return turns


def open_gate() -> Gate:
    gate = Gate(Limits(connections=4), 0.0)
    for _ in range(FAILURES):
        queued(gate, 1)
        [turn] = admitted(gate)
        gate.judge(turn, FAILED, LASTING_SECONDS)
        gate.leave(turn)
    return gate


def test_a_gate_that_has_seen_nothing_can_be_forgotten():
    gate = Gate(Limits(connections=4, rate=2.0), 0.0)

    assert gate.is_forgettable(0.0)
    queued(gate, 1)
    assert not gate.is_forgettable(0.0)
    [turn] = admitted(gate)
    assert not gate.is_forgettable(0.0)
    gate.leave(turn)
    assert not gate.is_forgettable(0.0)  # the rate counts it still
    assert gate.is_forgettable(1.0)


def test_no_more_than_the_limit_are_admitted():
    gate = Gate(Limits(connections=4), 0.0)
    queued(gate, 10)

    assert len(admitted(gate)) == 4
    assert gate.wake_seconds(0.0) is None


def test_a_rate_says_when_the_next_one_may_go():
    gate = Gate(Limits(connections=4, rate=2.0), 0.0)
    queued(gate, 10)

    assert len(admitted(gate)) == 2
    assert gate.wake_seconds(0.0) == 0.5
    assert len(admitted(gate, 0.5)) == 1


def test_a_rate_that_is_taken_away_holds_nobody_back():
    gate = Gate(Limits(connections=4, rate=1.0), 0.0)
    queued(gate, 10)
    admitted(gate)

    gate.follow(Limits(connections=4), 0.0)

    assert len(admitted(gate)) == 3


def test_a_slow_answer_halves_what_is_admitted():
    gate = Gate(Limits(connections=4), 0.0)
    queued(gate, 10)
    turns = admitted(gate)

    for turn in turns:
        gate.judge(turn, Outcome(slow=True), 1.0)
        gate.leave(turn)

    assert len(admitted(gate, 1.0)) == 2


def test_a_server_that_wants_to_be_left_in_peace_is_until_then():
    gate = Gate(Limits(connections=4), 0.0)
    queued(gate, 2)
    turn = gate.admit(0.0)[1]

    gate.judge(turn, Outcome(slow=True, pause_seconds=3.0), 1.0)
    gate.leave(turn)

    assert admitted(gate, 3.5) == []
    assert gate.wake_seconds(3.5) == 0.5
    assert len(admitted(gate, 4.0)) == 1


def test_a_gate_is_not_forgotten_before_its_server_may_be_asked_again():
    gate = Gate(Limits(connections=1), 0.0)
    queued(gate, 1)
    [turn] = admitted(gate)

    gate.judge(turn, Outcome(slow=True, pause_seconds=3.0), 1.0)
    gate.leave(turn)

    assert not gate.is_forgettable(3.5)
    assert gate.is_forgettable(4.0)


def test_an_open_breaker_sends_everybody_away():
    gate = open_gate()
    queued(gate, 3)

    assert len(gate.refused(LASTING_SECONDS)) == 3
    assert admitted(gate, LASTING_SECONDS) == []


def test_a_half_open_breaker_admits_one_and_lets_the_others_wait():
    gate = open_gate()
    queued(gate, 3)

    later = LASTING_SECONDS + 100.0
    [probe] = admitted(gate, later)
    assert gate.refused(later) == []
    gate.judge(probe, Outcome(), later)

    assert len(admitted(gate, later)) == 2


def test_a_probe_that_leaves_without_a_word_is_followed_by_another():
    gate = open_gate()
    queued(gate, 3)
    later = LASTING_SECONDS + 100.0
    [probe] = admitted(gate, later)

    gate.leave(probe)

    assert len(admitted(gate, later)) == 1


STEPS = st.one_of(
    st.tuples(st.just("join"), st.just(0)),
    st.tuples(st.just("wait"), st.integers(0, 30)),
    st.tuples(st.just("end"), st.integers(0, len(OUTCOMES) - 1)),
)


@settings(max_examples=200)
@given(st.integers(1, 4), st.sampled_from([None, 0.5, 3.0]), st.lists(STEPS, max_size=80))
def test_whatever_happens_the_limit_holds_and_everybody_is_admitted_or_sent_away(
    connections, rate, steps
):
    gate, now, running = Gate(Limits(connections, rate), 0.0), 0.0, []

    def settle() -> None:
        gate.refused(now)
        running.extend(admitted(gate, now))

    def end(outcome: Outcome | None) -> None:
        turn = running.pop(0)
        if outcome is not None:
            gate.judge(turn, outcome, now)
        gate.leave(turn)

    for kind, value in steps:
        if kind == "join":
            gate.line.join(Caller(), now)
        elif kind == "wait":
            now += value
        elif running:
            end(OUTCOMES[value])
        settle()
        assert gate.running == len(running) <= connections

    # With a server that answers, the line comes to its end.
    for _ in range(2 * len(steps) + 2):
        while running:
            end(Outcome())
        settle()
        now += gate.wake_seconds(now) or 0.0
        settle()
    assert len(gate.line) == 0
