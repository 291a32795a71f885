"""What stands beside a blob vouches for it as far as it is whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageid_daemon.cache import Entry
from imageid_daemon.cache.facts import Facts, Record

DIGEST = "ab" * 32


def record(key: str, digest: str = DIGEST, **facts) -> Record:
    return Record(Entry(key, digest, 4, "image/png", {"etag": '"1"'}, **facts), b"\1\2\3\4")


@pytest.fixture
def facts(tmp_path):
    made = Facts(tmp_path)
    made.prepare()
    return made


def file_of(tmp_path):
    return tmp_path / "facts" / "ab" / DIGEST


def test_records_are_read_as_they_were_written(facts):
    facts.write(record("a"), first=True)
    facts.write(record("b", parents=("cd" * 32,)), first=False)

    assert facts.read(DIGEST) == [record("a"), record("b", parents=("cd" * 32,))]
    assert facts.checksums(DIGEST) == b"\1\2\3\4"
    assert list(facts.digests()) == [DIGEST]


def test_the_first_record_of_a_blob_replaces_what_an_earlier_one_left(facts):
    facts.write(record("old"), first=True)
    facts.write(record("new"), first=True)

    assert facts.read(DIGEST) == [record("new")]


def test_a_key_that_was_struck_out_is_gone_and_the_others_stay(facts):
    facts.write(record("a"), first=True)
    facts.write(record("b"), first=False)

    facts.drop(DIGEST, ["a"])

    assert facts.read(DIGEST) == [record("b")]


def test_facts_about_another_blob_say_nothing_about_this_one(facts, tmp_path):
    facts.write(record("a", digest="cd" * 32), first=True)
    file_of(tmp_path).parent.mkdir()
    (tmp_path / "facts" / "cd" / ("cd" * 32)).rename(file_of(tmp_path))

    assert facts.read(DIGEST) == []


@given(cut=st.integers(0, 400))
def test_of_a_torn_file_what_is_whole_is_read(tmp_path_factory, cut):
    folder = tmp_path_factory.mktemp("torn")
    facts = Facts(folder)
    facts.prepare()
    facts.write(record("a"), first=True)
    whole_bytes = file_of(folder).stat().st_size
    facts.write(record("b"), first=False)
    data = file_of(folder).read_bytes()
    file_of(folder).write_bytes(data[:cut])

    expected = (cut >= whole_bytes) + (cut >= len(data))
    assert facts.read(DIGEST) == [record("a"), record("b")][:expected]


@given(place=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_flipped_bit_takes_the_record_away_and_never_changes_it(tmp_path_factory, place, flip):
    folder = tmp_path_factory.mktemp("flipped")
    facts = Facts(folder)
    facts.prepare()
    facts.write(record("a"), first=True)
    data = bytearray(file_of(folder).read_bytes())
    data[place % len(data)] ^= flip
    file_of(folder).write_bytes(data)

    assert facts.read(DIGEST) == []


@pytest.mark.parametrize("name", ["x", "AB" * 32, "ab" * 31, ".." * 32])
def test_a_file_that_is_named_by_no_digest_is_no_blobs_facts(facts, tmp_path, name):
    folder = tmp_path / "facts" / name[:2].replace("..", "zz").ljust(2, "z")
    folder.mkdir(exist_ok=True)
    (folder / name).touch()

    assert list(facts.digests()) == []
