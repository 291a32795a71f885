"""Where a connection goes: names are resolved once, checked, and connected to as checked.

A name that is resolved again for the connection may by then resolve to another address
(DNS rebinding); here there is no second time.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpcore

from imageid_daemon.origins.allow import Address
from imageid_daemon.origins.network_stream import NetworkStream, connect
from imageid_loaders.errors import NotAllowed

AllowedAddresses = Callable[[str, int, Sequence[Address]], list[Address]]


class NameNotResolved(httpcore.ConnectError):
    """Args: is_temporary: the DNS could not say, rather than that there is no such name."""

    def __init__(self, *, is_temporary: bool) -> None:
        super().__init__("the name cannot be resolved")
        self.is_temporary = is_temporary


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Opens the sockets of a connection pool, to allowed addresses only."""

    def __init__(self, allowed_addresses: AllowedAddresses) -> None:
        self._allowed_addresses = allowed_addresses

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        try:
            async with asyncio.timeout(timeout):
                resolved = await _resolved(host, port)
                allowed = self._allowed_addresses(host, port, resolved)
                if not allowed:
                    raise NotAllowed(
                        f"{host}:{port} resolves to an address that may not be reached;"
                        " if it is meant, write the address itself into network.allow"
                    )
                return await _first_open(allowed, port, timeout, socket_options)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("no connection in time") from error


async def _first_open(
    addresses: Sequence[Address],
    port: int,
    timeout: float | None,
    socket_options: Iterable[Any] | None,
) -> NetworkStream:
    # A dead address must leave time for the ones after it.
    share = None if timeout is None else timeout / len(addresses)
    for address in addresses[:-1]:
        try:
            return await connect(str(address), port, share, socket_options)
        except (httpcore.ConnectError, httpcore.ConnectTimeout):
            continue
    return await connect(str(addresses[-1]), port, share, socket_options)


async def _resolved(host: str, port: int) -> list[Address]:
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        is_temporary = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
        raise NameNotResolved(is_temporary=is_temporary) from error
    return list(dict.fromkeys(ipaddress.ip_address(entry[4][0]) for entry in found))
