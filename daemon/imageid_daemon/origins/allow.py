"""Which hosts and addresses may be reached. Pure: names are resolved elsewhere."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from imageid_daemon.config.addresses import ANY, HostPattern, host_pattern
from imageid_daemon.origins.target import Target, target

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# The metadata service of a cloud in IPv6; in IPv4 it is link-local.
_METADATA = ipaddress.IPv6Network("fd00:ec2::254/128")


@dataclass(frozen=True, slots=True)
class AllowList:
    """What the administrator wrote, and the servers of the configured origins.

    Args:
        helpers: proxies and token endpoints: to be connected to, but not for an imageId.
    """

    patterns: tuple[HostPattern, ...]
    servers: frozenset[tuple[str, int]]
    any_host: bool
    helpers: frozenset[tuple[str, int]] = frozenset()

    @classmethod
    def of(
        cls, allow: Iterable[str], origin_urls: Iterable[str], helper_urls: Iterable[str] = ()
    ) -> AllowList:
        """Read the setting `network.allow`; a configured origin needs no entry there."""
        entries = [entry.strip().lower() for entry in allow]
        origins = [target(url) for url in origin_urls]
        helpers = [target(url) for url in helper_urls]
        return cls(
            patterns=tuple(host_pattern(entry) for entry in entries if entry != ANY),
            servers=frozenset((origin.host, origin.port) for origin in origins),
            any_host=ANY in entries,
            helpers=frozenset((helper.host, helper.port) for helper in helpers),
        )

    def allows_host(self, wanted: Target) -> bool:
        """Say whether this host may be asked at this port."""
        return self.any_host or self._is_named(wanted.host, wanted.port)

    def allowed_addresses(self, host: str, port: int, resolved: Sequence[Address]) -> list[Address]:
        """Keep the addresses of an allowed host that may be connected to.

        A name can resolve to anything, whoever owns it; so an address of this machine
        counts only where the list means this machine, and one that is no host's own
        (link-local, multicast, unspecified) only where it is written as such.
        """
        return [a for a in resolved if self._allows_address(host, port, _unmapped(a))]

    def _allows_address(self, host: str, port: int, address: Address) -> bool:
        is_configured = (host, port) in self.servers | self.helpers
        if self._is_named(str(address), port) or (str(address), port) in self.helpers:
            return True
        if _is_nobodys(address):
            return False
        if address.is_loopback:
            is_local_name = host == "localhost" or host.endswith(".localhost")
            return self.any_host or is_configured or is_local_name
        return True

    def _is_named(self, host: str, port: int) -> bool:
        in_patterns = any(_matches(pattern, host, port) for pattern in self.patterns)
        return in_patterns or (host, port) in self.servers


def _matches(pattern: HostPattern, host: str, port: int) -> bool:
    if pattern.ports is not None and port not in pattern.ports:
        return False
    if pattern.host.startswith("*."):
        return host.endswith(pattern.host[1:])
    return host == pattern.host


def _is_nobodys(address: Address) -> bool:
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address == ipaddress.IPv4Address("255.255.255.255")
        or address in _METADATA
    )


def _unmapped(address: Address) -> Address:
    """::ffff:a.b.c.d is a.b.c.d to the system that connects."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
