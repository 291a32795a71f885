"""How a value may be written."""

import pytest

from imageid_daemon.config import MinFree, addresses, values


@pytest.mark.parametrize(
    ("written", "size_bytes"),
    [
        ("20GiB", 20 * 2**30),
        ("500MB", 500_000_000),
        ("1.5 KiB", 1536),
        ("1048576", 1048576),
        (1048576, 1048576),
        ("7b", 7),
        ("2tib", 2 * 2**40),
    ],
)
def test_sizes(written, size_bytes):
    assert values.size_bytes(written) == size_bytes


@pytest.mark.parametrize("written", ["20 gigs", "-1", "", "GiB", True, 1.5, None, "5%"])
def test_what_is_no_size_is_refused_with_an_example(written):
    with pytest.raises(ValueError, match="20GiB"):
        values.size_bytes(written)


@pytest.mark.parametrize(
    ("written", "seconds"), [("30s", 30.0), ("5m", 300.0), ("250ms", 0.25), ("1.5h", 5400.0)]
)
def test_times(written, seconds):
    assert values.seconds(written) == seconds


@pytest.mark.parametrize("written", ["30", 30, "0s", "-1s", "soon"])
def test_a_time_needs_its_unit_and_more_than_nothing(written):
    with pytest.raises(ValueError, match="30s"):
        values.seconds(written)


def test_free_space_is_a_share_or_an_amount():
    assert values.min_free("5%") == MinFree(percent=5.0)
    assert values.min_free("10GiB") == MinFree(amount_bytes=10 * 2**30)


def test_a_share_of_the_whole_disk_is_refused():
    with pytest.raises(ValueError, match="5%"):
        values.min_free("100%")


def test_the_floor_of_a_share_depends_on_the_disk():
    assert MinFree(percent=5.0).floor_bytes(1000) == 50
    assert MinFree(amount_bytes=7).floor_bytes(1000) == 7


@pytest.mark.parametrize(
    ("written", "meant"), [(True, True), ("true", True), ("0", False), ("False", False)]
)
def test_truth_values(written, meant):
    assert values.yes_or_no(written) is meant


@pytest.mark.parametrize("written", [0, 257, "many", 1.5, True])
def test_a_number_outside_its_limits_is_refused_with_the_limits(written):
    with pytest.raises(ValueError, match="from 1 to 256"):
        values.whole(1, 256)(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("unix:/run/imageid/grpc.sock", ("unix:/run/imageid/grpc.sock",)),
        ("unix:/a, 127.0.0.1:0", ("unix:/a", "127.0.0.1:0")),
        (["[::1]:8474", "localhost:1"], ("[::1]:8474", "localhost:1")),
        ("127.8.9.1:8474", ("127.8.9.1:8474",)),
    ],
)
def test_listen_addresses(written, meant):
    assert addresses.listen(written) == meant


@pytest.mark.parametrize("written", ["0.0.0.0:8474", "[::]:1", "10.0.0.5:1", "pacs.example:1"])
def test_only_loopback_addresses_are_listened_on(written):
    with pytest.raises(ValueError, match="loopback"):
        addresses.listen(written)


@pytest.mark.parametrize("written", ["127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "[::1", []])
def test_an_incomplete_address_is_refused(written):
    with pytest.raises(ValueError, match=r"127\.0\.0\.1:8474|\[::1\]:8474|port"):
        addresses.listen(written)


def test_a_socket_path_needs_an_absolute_path():
    with pytest.raises(ValueError, match="absolute"):
        addresses.listen("unix:grpc.sock")


def test_a_socket_path_may_have_107_bytes():
    path = "/" + "x" * 106

    assert addresses.listen(f"unix:{path}") == (f"unix:{path}",)


def test_a_longer_socket_path_is_refused_with_its_length():
    with pytest.raises(ValueError, match="108 bytes and the system allows 107"):
        addresses.listen("unix:/" + "x" * 107)


def test_the_length_of_a_socket_path_is_in_bytes_and_not_in_letters():
    with pytest.raises(ValueError, match="109 bytes"):
        addresses.listen("unix:/" + "ü" * 54)


@pytest.mark.parametrize("pattern", ["*", "*:*", "http://pacs", "pacs:", "pacs:0", "a/b", "*.", ""])
def test_an_allow_pattern_that_means_nothing_is_refused(pattern):
    with pytest.raises(ValueError, match=r"."):
        addresses.host_pattern(pattern)


def test_every_host_must_be_written_out_as_any():
    with pytest.raises(ValueError, match='"any"'):
        addresses.allow_list(["*"])


@pytest.mark.parametrize(
    "url",
    [
        "pacs.example/dicom-web",
        "ftp://pacs.example",
        "https://",
        "https://pacs.example:99999",
        "https://pacs.example/a b",
        "https://user:secret@pacs.example",
        "https://pacs.example/?x=secret",
        3,
    ],
)
def test_an_origins_url_is_plain_http_and_never_repeated(url):
    with pytest.raises(ValueError, match=r".") as caught:
        addresses.origin_url(url)

    assert "secret" not in str(caught.value)


def test_the_slash_at_the_end_of_an_origins_url_is_dropped():
    assert (
        addresses.origin_url("https://pacs.example/dicom-web/") == "https://pacs.example/dicom-web"
    )
