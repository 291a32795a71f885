"""Whether all that an answer rests on is as it was."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageid_daemon.cache import Demand, Entry, Verdict, freshness
from imageid_daemon.resolver.grounds import Grounds, hold

NOW = 1_000_000.0
HEADERS = {"cache-control": "max-age=60"}


def entry_of(key):
    return Entry(key, f"digest of {key}", 1, "image/png", HEADERS, response_seconds=NOW)


SOURCE, DOCUMENT, PIXELS = entry_of("source"), entry_of("document"), entry_of("pixels")
GROUNDS = Grounds((SOURCE, DOCUMENT), (PIXELS,))


@dataclass
class Memory:
    entries: dict[str, Entry] = field(
        default_factory=lambda: {each.key: each for each in (SOURCE, DOCUMENT, PIXELS)}
    )
    untrusted: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)

    def current(self, key):
        return self.entries.get(key)

    def is_trusted(self, entry):
        return entry.key not in self.untrusted

    def has_failed(self, key):
        return key in self.failed


def holds(memory, now_seconds=NOW):
    return hold(GROUNDS, GROUNDS.fresh_until_seconds, memory, now_seconds)


def test_an_answer_stands_while_nothing_has_changed():
    assert holds(Memory())


@pytest.mark.parametrize("key", ["source", "document", "pixels"])
def test_it_falls_with_each_entry_that_is_gone_or_another(key):
    gone, another = Memory(), Memory()
    del gone.entries[key]
    another.entries[key] = msgspec.structs.replace(another.entries[key], size_bytes=1)

    assert not holds(gone)
    assert not holds(another)


@pytest.mark.parametrize("key", ["source", "document"])
def test_it_falls_with_a_failure_that_may_stand_for_what_an_origin_gave(key):
    assert not holds(Memory(failed={key}))


def test_it_falls_when_its_bytes_have_to_be_looked_at():
    assert not holds(Memory(untrusted={"pixels"}))
    assert holds(Memory(untrusted={"source"}))


def test_it_falls_with_the_freshness_of_the_first_source_that_is_not():
    assert holds(Memory(), NOW + 59)
    assert not holds(Memory(), NOW + 60)


seconds = st.integers(0, 200)
headers = st.dictionaries(
    st.sampled_from(("age", "date", "expires", "last-modified", "cache-control")),
    st.one_of(
        seconds.map(str),
        seconds.map(lambda age: f"max-age={age}"),
        seconds.map(lambda age: f"s-maxage={age}, public"),
        st.sampled_from(("no-cache", "immutable", "nonsense", "Mon, 12 Jan 1970 13:46:40 GMT")),
    ),
)


@given(headers, seconds, seconds)
def test_until_then_a_caller_without_demands_has_nobody_asked_and_later_somebody(
    headers, fresh_for_seconds, offset_seconds
):
    now_seconds = NOW + offset_seconds - 50
    until = freshness.fresh_until_seconds(headers, NOW, fresh_for_seconds)

    verdict = freshness.judge(headers, NOW, fresh_for_seconds, Demand(), now_seconds)

    assert (now_seconds < until) == (verdict is Verdict.FRESH)
