"""TCP ports of this machine."""

import socket
from random import SystemRandom

from service_kit.errors import ServiceError

LOOPBACK = "127.0.0.1"
_BELOW_EPHEMERAL = range(16_384, 32_768)
"""Linux gives outgoing connections ports from 32768 on (ip_local_port_range): one of those could be
taken by a client while its server restarts."""


class PortTakenError(ServiceError):
    """Another process listens on the port."""

    slug = "port-taken"

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} on {LOOPBACK} is taken by another process.")
        self.port = port


def free_port() -> int:
    """Return a TCP port on which nobody listens on loopback now."""
    # Not `random`: test runs seed it, and two of them at once would choose the same ports.
    candidates = SystemRandom().sample(_BELOW_EPHEMERAL, 100)
    return next(port for port in candidates if _is_free(port))


def check_port(port: int) -> None:
    """Return if `port` can be listened on.

    Raises:
        PortTakenError: it cannot.
    """
    if not _is_free(port):
        raise PortTakenError(port)


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return False
        return True
