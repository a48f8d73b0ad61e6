"""TCP ports of this machine."""

import http.client
import socket
import sys
from collections.abc import Iterator
from functools import cache
from itertools import cycle
from random import SystemRandom

from service_kit.errors import ServiceError

LOOPBACK = "127.0.0.1"
_BELOW_EPHEMERAL = range(16_384, 32_768)
"""Linux gives outgoing connections ports from 32768 on (ip_local_port_range): one of those could be
taken by a client while its server restarts."""
_BLOCK_PORTS = 64
PROBE_SECONDS = 2


class PortTakenError(ServiceError):
    """Another process listens on the port."""

    slug = "port-taken"

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} on {LOOPBACK} is taken by another process.")
        self.port = port


def free_port() -> int:
    """Return a TCP port on which nobody listens on loopback now.

    Each process that asks has a block of ports to itself: a server that restarts, or is asked
    whether it serves before it does, meets nobody else on its port.
    """
    port = 0
    for _ in range(_BLOCK_PORTS):
        if _is_free(port := next(_own_ports())):
            return port
    raise PortTakenError(port)


def check_port(port: int) -> None:
    """Return if `port` can be listened on.

    Raises:
        PortTakenError: it cannot.
    """
    if not _is_free(port):
        raise PortTakenError(port)


def answers_200(port: int, path: str) -> bool:
    """Return whether `GET path` on `port` of loopback answers 200 within PROBE_SECONDS."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


@cache
def _own_ports() -> Iterator[int]:
    """Yield the ports of one block again and again, so that one is used again as late as can be."""
    starts = [*_BELOW_EPHEMERAL[::_BLOCK_PORTS]]
    # Not `random`: test runs seed it, and two of them at once would begin alike.
    SystemRandom().shuffle(starts)
    start = next(start for start in starts if _reserve(start))
    return cycle(range(start, start + _BLOCK_PORTS))


def _reserve(start: int) -> bool:
    """Return whether the block is this process's, until it ends."""
    if sys.platform != "linux":
        return True  # it has no names that go with the process: by chance alone
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0dramatis-ports-{start}")
    except OSError:
        name.close()
        return False
    name.detach()  # open as long as the process lives
    return True
