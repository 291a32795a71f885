"""Which hosts may be asked, and which of their addresses may be connected to."""

import ipaddress

import pytest

from imageid_daemon.config import OriginSettings
from imageid_daemon.origins.allow import AllowList
from imageid_daemon.origins.target import target
from imageid_loaders.errors import NotAllowed
from transport.raw_server import reply


def allows(entry: str, url: str) -> bool:
    return AllowList.of([entry], []).allows_host(target(url))


def connects(allow: list[str], host: str, address: str, origins: tuple[str, ...] = ()) -> bool:
    found = ipaddress.ip_address(address)
    return AllowList.of(allow, origins).allowed_addresses(host, 8042, [found]) == [found]


def test_a_host_without_a_port_means_the_ports_of_the_web():
    assert allows("pacs.example", "http://pacs.example/x")
    assert allows("pacs.example", "https://PACS.example./x")
    assert not allows("pacs.example", "http://pacs.example:8042/x")


def test_a_port_is_matched_exactly_and_a_star_is_every_port():
    assert allows("pacs.example:8042", "http://pacs.example:8042/")
    assert not allows("pacs.example:8042", "http://pacs.example/")
    assert allows("pacs.example:*", "http://pacs.example:1/")


def test_a_domain_pattern_means_names_below_it_and_not_the_domain_itself():
    assert allows("*.hospital.example", "https://a.b.hospital.example/")
    assert not allows("*.hospital.example", "https://hospital.example/")
    assert not allows("*.hospital.example", "https://evilhospital.example/")


def test_an_ipv6_address_is_matched_however_it_is_written():
    assert allows("[::1]:8042", "http://[0:0::1]:8042/")


def test_an_empty_list_allows_configured_origins_alone():
    empty = AllowList.of([], ["https://pacs.example/dicom-web"])

    assert empty.allows_host(target("https://pacs.example/elsewhere"))
    assert not empty.allows_host(target("https://pacs.example:8443/dicom-web"))
    assert not empty.allows_host(target("https://other.example/"))


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "fe80::1", "224.0.0.1", "ff02::1", "0.0.0.0", "::", "fd00:ec2::254"],
)
def test_addresses_that_are_no_hosts_own_are_refused_even_with_any(address):
    assert not connects(["any"], "pacs.example", address)


def test_the_metadata_service_is_refused_in_ipv6_clothes_too():
    assert not connects(["any"], "pacs.example", "::ffff:169.254.169.254")


def test_a_link_local_address_is_reached_where_it_is_written():
    assert connects(["169.254.7.7:8042"], "169.254.7.7", "169.254.7.7")


def test_a_name_that_turns_out_to_be_this_machine_is_refused():
    assert not connects(["*.example:*"], "pacs.example", "127.0.0.1")
    assert not connects(["*.example:*"], "pacs.example", "::ffff:127.0.0.1")


@pytest.mark.parametrize(
    ("allow", "host", "origins"),
    [
        (["any"], "pacs.example", ()),
        (["localhost:*"], "localhost", ()),
        (["*.example:*", "127.0.0.1:*"], "pacs.example", ()),
        ([], "pacs.example", ("http://pacs.example:8042/dicom-web",)),
    ],
)
def test_this_machine_is_reached_where_the_settings_mean_it(allow, host, origins):
    assert connects(allow, host, "127.0.0.1", origins)


def test_private_addresses_of_an_allowed_host_are_fine():
    assert connects(["pacs.example:8042"], "pacs.example", "10.1.2.3")


async def test_a_host_outside_the_list_is_never_connected_to(server, way):
    with pytest.raises(NotAllowed, match=r"network\.allow"):
        await way(allow=("pacs.example",)).read(server.url("/"))

    assert server.connections == 0


async def test_the_unspecified_address_is_no_way_around_the_check(server, way):
    with pytest.raises(NotAllowed):
        await way(allow=("any",)).read(server.url("/", host="0.0.0.0"))

    assert server.connections == 0


async def test_a_number_for_a_host_is_no_way_around_the_list(server, way):
    with pytest.raises(NotAllowed):
        await way().read(server.url("/", host="2130706433"))

    assert server.connections == 0


async def test_a_refused_host_counts_as_no_request(server, way):
    client = way(allow=("any",))

    with pytest.raises(NotAllowed):
        await client.read(server.url("/", host="0.0.0.0"))

    assert not client.counts.codes


async def test_a_message_names_host_and_port_but_never_the_path(way):
    with pytest.raises(NotAllowed) as caught:
        await way(allow=()).read("http://pacs.example/patient?name=Doe")

    assert "pacs.example:80" in caught.value.message
    assert "Doe" not in caught.value.message
    assert "/patient" not in caught.value.message


async def test_a_configured_origin_may_be_this_machine_by_name(server, way):
    root = server.url("/dicom-web", host="localhost")
    server.on("/dicom-web", reply(b"image"))

    assert await way(OriginSettings("pacs", root), allow=()).read(root) == b"image"
