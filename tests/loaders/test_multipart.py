from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imageid_loaders.errors import Corrupt
from imageid_loaders.multipart import Data, EndOfBody, EndOfPart, MultipartParser, PartHeaders


def parse(body, boundary="b", cuts=()):
    """The events of a body fed in pieces, neighbouring data joined."""
    parser = MultipartParser(boundary)
    events = []
    edges = [0, *sorted(cuts), len(body)]
    for start, end in pairwise(edges):
        for event in parser.feed(body[start:end]):
            if isinstance(event, Data) and events and isinstance(events[-1], Data):
                events[-1] = Data(events[-1].data + event.data)
            else:
                events.append(event)
    parser.finish()
    return events


def part(data, headers=None):
    return [PartHeaders(headers or {}), Data(data), EndOfPart()]


def test_a_body_of_one_part():
    body = b"--b\r\nContent-Type: image/jp2\r\n\r\nabc\r\n--b--\r\n"

    assert parse(body) == [*part(b"abc", {"content-type": "image/jp2"}), EndOfBody()]


def test_a_body_of_two_parts():
    body = b"--b\r\n\r\nabc\r\n--b\r\n\r\ndef\r\n--b--"

    assert parse(body) == [*part(b"abc"), *part(b"def"), EndOfBody()]


def test_without_a_parameter_the_boundary_is_the_first_line():
    body = b"--some-uuid \r\n\r\nabc\r\n--some-uuid--"

    assert parse(body, boundary=None) == [*part(b"abc"), EndOfBody()]


def test_a_preamble_is_passed_over():
    body = b"for old mail programs\r\n--bc\r\n--b\r\n\r\nabc\r\n--b--"

    assert parse(body) == [*part(b"abc"), EndOfBody()]


def test_an_epilogue_means_nothing():
    assert parse(b"--b\r\n\r\nabc\r\n--b--\r\nmore\r\n--b\r\n")[-1] == EndOfBody()


def test_header_names_are_in_lower_case_and_lines_may_be_folded():
    body = b"--b\r\nCONTENT-type:image/jp2;\r\n  transfer-syntax=1.2\r\n\r\nabc\r\n--b--"

    assert parse(body)[0].headers == {"content-type": "image/jp2; transfer-syntax=1.2"}


def test_data_may_look_like_a_delimiter_when_their_length_is_given():
    data = b"\r\n--b\r\n\r\n--b--"
    body = b"--b\r\nContent-Length: %d\r\n\r\n%b\r\n--b--" % (len(data), data)

    assert parse(body)[1] == Data(data)


def test_data_may_begin_like_a_delimiter():
    assert parse(b"--b\r\n\r\nx\r\n--bc\r\n--b-\r\n--b--")[1] == Data(b"x\r\n--bc\r\n--b-")


@pytest.mark.parametrize("claimed", [0, 2, 4, 30])
def test_a_wrong_content_length_of_a_part_is_an_error(claimed):
    body = b"--b\r\nContent-Length: %d\r\n\r\nabc\r\n--b--\r\n" % claimed

    with pytest.raises(Corrupt):
        parse(body)


@pytest.mark.parametrize("length", range(len(b"--b\r\n\r\nabc\r\n--b--")))
def test_a_body_that_ends_anywhere_before_its_closing_delimiter_is_an_error(length):
    with pytest.raises(Corrupt, match="closing delimiter"):
        parse(b"--b\r\n\r\nabc\r\n--b--"[:length])


@pytest.mark.parametrize(
    "body",
    [
        bytes(100_000),
        b"--b\r\n" + b"h" * 50_000,
        b"--b" + b" " * 500,
        b"--b\r\n\r\nx\r\n--b" + b"y" * 9,
    ],
)
def test_what_is_no_multipart_body_is_refused_with_bounded_memory(body):
    with pytest.raises(Corrupt):
        parse(body)


@pytest.mark.parametrize("boundary", ["", "b" * 300])
def test_a_boundary_that_cannot_be_is_refused(boundary):
    with pytest.raises(Corrupt, match="boundary"):
        MultipartParser(boundary)


def test_data_of_known_length_are_not_held_back():
    parser = MultipartParser("b")
    list(parser.feed(b"--b\r\nContent-Length: 5\r\n\r\n"))

    assert list(parser.feed(b"abc")) == [Data(b"abc")]
    assert list(parser.feed(b"de\r\n")) == [Data(b"de")]


def test_data_of_unknown_length_are_held_back_by_a_delimiter_at_most():
    parser = MultipartParser("b")
    list(parser.feed(b"--b\r\n\r\n"))

    assert b"".join(event.data for event in parser.feed(bytes(1000))) == bytes(996)


tricky = st.lists(
    st.sampled_from([b"\r\n", b"--b", b"--", b"b", b"\r", b"x", b" ", b"\0\xff"]), max_size=12
).map(b"".join)


@st.composite
def bodies(draw):
    """A body and the data of its parts; data that hold a delimiter have a Content-Length."""
    datas = draw(st.lists(tricky, min_size=1, max_size=3))
    body = draw(st.sampled_from([b"", b"preamble\r\n"]))
    for data in datas:
        counted = b"\r\n--b" in b"\r\n" + data or draw(st.booleans())
        length = b"Content-Length: %d\r\n" % len(data) if counted else b""
        body += b"--b\r\n" + length + b"\r\n" + data + b"\r\n"
    return body + b"--b--" + draw(st.sampled_from([b"", b"\r\n", b"--\r\n"])), datas


@settings(max_examples=300, deadline=None)
@given(bodies(), st.data())
def test_any_split_of_the_bytes_gives_the_same_events(body_and_datas, data):
    body, datas = body_and_datas
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=20))

    events = parse(body, cuts=cuts)

    assert events == parse(body)
    assert events == parse(body, cuts=range(len(body)))
    assert b"".join(event.data for event in events if isinstance(event, Data)) == b"".join(datas)


@settings(max_examples=300, deadline=None)
@given(tricky, st.data())
def test_any_bytes_mean_the_same_in_any_split_or_are_refused_in_each(noise, data):
    body = b"--b\r\n\r\n" + noise
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=20))

    assert outcome(body, cuts) == outcome(body, ())


def outcome(body, cuts):
    try:
        return parse(body, cuts=cuts)
    except Corrupt:
        return "corrupt"
