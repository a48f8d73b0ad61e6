"""Connects to public addresses only: each name is resolved once, and what was checked is used."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import ip_address, ip_network

from httpcore import AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream, ConnectError

from ingest_svc.domain.failure import FailureCode, FileFailedError

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host, as text."""

_REFUSED = tuple(
    ip_network(text)
    for text in (
        "100.64.0.0/10",  # carrier-grade NAT (RFC 6598)
        "192.0.0.0/24",  # protocol assignments (RFC 6890)
        "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
        "::ffff:0:0/96",  # IPv4 in disguise, as are the next four
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/23",
        "2002::/16",
        "3fff::/20",  # documentation (RFC 9637)
        "5f00::/16",  # segment routing (RFC 9602)
        "fec0::/10",  # site-local (RFC 3879)
    )
)
"""What is not public whatever `ipaddress` says: that differs between releases of Python."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses that the system's resolver knows for `host`."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def is_public(text: str) -> bool:
    """Return whether `text` is an address on the open internet; one wrapped in another is not."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not special and not any(address in net for net in _REFUSED)


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
        """Wait, between attempts of the pool."""
        await asyncio.sleep(seconds)
