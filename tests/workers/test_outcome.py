"""What a worker's end means."""

from __future__ import annotations

import signal

import pytest

from imageid_daemon.workers.outcome import CAUSES, Cause, cause_of, deserves_another_try, error_of
from imageid_loaders.errors import DecodeLimit, Undecodable


@pytest.mark.parametrize(
    ("status", "verdict", "cause"),
    [
        (-signal.SIGSEGV, None, "crash"),
        (-signal.SIGABRT, None, "crash"),
        (-signal.SIGXCPU, None, "processor time"),
        (-signal.SIGKILL, None, "killed"),
        (None, None, "killed"),
        (1, None, "exit"),
        (0, None, "exit"),
        (-signal.SIGKILL, "deadline", "deadline"),
        (-signal.SIGKILL, "garbage", "garbage"),
    ],
)
def test_the_cause_is_the_daemons_verdict_else_what_the_status_says(
    status: int | None, verdict: Cause | None, cause: Cause
) -> None:
    assert cause_of(status, verdict) == cause


@pytest.mark.parametrize("cause", ["processor time", "deadline", "abandoned"])
def test_a_job_that_took_too_long_is_not_tried_again(cause: Cause) -> None:
    assert not deserves_another_try(cause, was_used=True, tries=1)


@pytest.mark.parametrize("cause", ["crash", "exit", "garbage"])
def test_only_a_worker_with_a_past_excuses_a_crash(cause: Cause) -> None:
    assert deserves_another_try(cause, was_used=True, tries=1)
    assert not deserves_another_try(cause, was_used=False, tries=1)


@pytest.mark.parametrize("cause", CAUSES)
def test_nothing_is_tried_a_third_time(cause: Cause) -> None:
    assert not deserves_another_try(cause, was_used=True, tries=2)


@pytest.mark.parametrize(
    ("cause", "error"),
    [
        ("crash", Undecodable),
        ("exit", Undecodable),
        ("garbage", Undecodable),
        ("processor time", DecodeLimit),
        ("deadline", DecodeLimit),
        ("killed", DecodeLimit),
    ],
)
def test_callers_learn_whether_the_bytes_or_the_limits_are_to_blame(
    cause: Cause, error: type[Exception]
) -> None:
    assert isinstance(error_of(cause), error)
