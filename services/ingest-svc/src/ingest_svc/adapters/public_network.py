"""Connects to public addresses only: each name is resolved once, and what was checked is used."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from httpcore import AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream, ConnectError

from ingest_svc.domain.failure import FailureCode, FileFailedError

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host, as text."""

_NAT64 = ip_network("64:ff9b::/96")
_LOCAL_NAT64 = ip_network("64:ff9b:1::/48")
_SHARED = ip_network("100.64.0.0/10")
"""Carrier-grade NAT (RFC 6598), which `is_private` leaves out."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses that the system's resolver knows for `host`."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def is_public(text: str) -> bool:
    """Say whether `text` is an address on the open internet, whatever it is wrapped in."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(_is_public(item) for item in (address, *_inner(address)))


def _is_public(address: Address) -> bool:
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not special and address not in _SHARED


def _inner(address: Address) -> Iterable[Address]:
    """Yield the IPv4 addresses that an IPv6 address stands for."""
    if isinstance(address, IPv4Address):
        return
    if address in _LOCAL_NAT64:
        yield IPv4Address(0)  # local, whoever answers there
    if address in _NAT64:
        yield IPv4Address(int(address) & 0xFFFFFFFF)
    for inner in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())):
        if inner is not None:
            yield inner


class PublicNetwork(AsyncNetworkBackend):
    """The network of an HTTP connection pool; DNS rebinding cannot get around the check."""

    def __init__(self, resolve: Resolve, *, private_too: bool) -> None:
        self._resolve = resolve
        self._private_too = private_too
        self._network = AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 — httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[object] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to the first address of `host`.

        Raises:
            FileFailedError: one of its addresses is not public.
            httpcore.ConnectError: it has none, or does not answer.
        """
        del local_address, socket_options
        try:
            addresses = await asyncio.wait_for(self._resolve(host, port), timeout)
        except (OSError, TimeoutError, UnicodeError) as error:
            raise ConnectError("the host's name cannot be resolved") from error
        if not addresses:
            raise ConnectError("the host has no address")
        if not self._private_too and not all(is_public(address) for address in addresses):
            raise FileFailedError(
                FailureCode.FETCH_REFUSED, "The host's address is not a public one."
            )
        return await self._network.connect_tcp(addresses[0], port, timeout)

    async def sleep(self, seconds: float) -> None:
        """Wait, between tries of the pool."""
        await asyncio.sleep(seconds)
