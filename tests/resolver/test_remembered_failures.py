"""How long a failure is remembered, and which is at all."""

from __future__ import annotations

import pytest

from imageid_daemon.resolver.remembered_failures import RememberedFailures
from imageid_daemon.workers import Crashed, Interrupted
from imageid_loaders.errors import (
    DecodeLimit,
    ImageError,
    NotFound,
    ShuttingDown,
    TooLarge,
    Undecodable,
    Unsupported,
)


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (Undecodable("broken"), 60),
        (Crashed("crashed"), 600),
        (DecodeLimit("a bomb"), 30),
        (Interrupted("killed"), 5),
    ],
)
def test_what_the_bytes_explain_is_remembered_for_its_time(error: ImageError, seconds: int) -> None:
    failures = RememberedFailures()
    failures.note("key", error, now_seconds=1000.0)

    with pytest.raises(type(error), match=error.message):
        failures.check("key", now_seconds=1000.0 + seconds - 0.1)
    failures.check("key", now_seconds=1000.0 + seconds)


@pytest.mark.parametrize(
    "error", [NotFound("gone"), ShuttingDown("stop"), TooLarge("large"), Unsupported("codec")]
)
def test_what_may_go_well_or_costs_nothing_is_not_remembered(error: ImageError) -> None:
    failures = RememberedFailures()
    failures.note("key", error, now_seconds=0.0)

    failures.check("key", now_seconds=0.0)


def test_other_keys_are_not_meant() -> None:
    failures = RememberedFailures()
    failures.note("key", Undecodable("broken"), now_seconds=0.0)

    failures.check("other", now_seconds=0.0)


def test_facts_for_programs_are_remembered_too() -> None:
    failures = RememberedFailures()
    failures.note("key", Undecodable("broken", transfer_syntax_uid="1.2"), now_seconds=0.0)

    with pytest.raises(Undecodable) as again:
        failures.check("key", now_seconds=1.0)
    assert again.value.metadata == {"transfer_syntax_uid": "1.2"}


def test_a_key_can_be_forgotten_and_so_can_all() -> None:
    failures = RememberedFailures()
    for key in ("a", "b", "c"):
        failures.note(key, Undecodable("broken"), now_seconds=0.0)

    failures.forget("a")
    failures.check("a", now_seconds=1.0)
    assert len(failures) == 2
    failures.clear()
    assert len(failures) == 0


def test_the_oldest_are_given_up_before_there_are_too_many() -> None:
    failures = RememberedFailures()
    for number in range(5000):
        failures.note(str(number), Undecodable("broken"), now_seconds=0.0)

    assert len(failures) == 4096
    failures.check("0", now_seconds=1.0)
    with pytest.raises(Undecodable):
        failures.check("4999", now_seconds=1.0)
