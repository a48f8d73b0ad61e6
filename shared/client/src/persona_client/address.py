"""Where a broker is and who asks: all that nats-py takes, in one value."""

import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import SplitResult, unquote, urlsplit

SCHEMES: Final = frozenset({"nats", "tls", "ws", "wss"})
DEFAULT_PORT: Final = 4222
EXAMPLE: Final = "a broker's address is like nats://user:password@host:4222"
_HOST: Final = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+(%[A-Za-z0-9]+)?")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+")


class AddressError(ValueError):
    """This cannot be the address of a broker; the text repeats no credential."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsAddress:
    """One broker: its servers, and as whom and how to connect to them."""

    servers: tuple[str, ...]
    """Without credentials, such as `tls://nats:4222`."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    credentials_file: Path | None = None
    """A `.creds` file: a JWT with its seed; needs `persona-client[nkeys]`."""
    nkey_seed_file: Path | None = None
    """The seed of an NKey; needs `persona-client[nkeys]`."""
    tls: ssl.SSLContext | None = None
    tls_handshake_first: bool = False
    """Refuse a server without TLS: without it nats-py goes on in clear text, even on `tls://`."""
    inbox_prefix: str = "_INBOX"
    """Answers come to subjects under it; the user must be allowed to subscribe to them."""
    domain: str | None = None
    """The JetStream domain, if it is not the server's own."""

    def __post_init__(self) -> None:
        """Refuse an inbox prefix or a domain that cannot stand in a subject.

        Raises:
            AddressError: it cannot.
        """
        if not all(map(_TOKEN.fullmatch, self.inbox_prefix.split("."))):
            raise AddressError("the inbox prefix must be words of A-Z a-z 0-9 _ - between dots")
        if self.domain is not None and not _TOKEN.fullmatch(self.domain):
            raise AddressError("the JetStream domain must be of A-Z a-z 0-9 _ -")

    @classmethod
    def parse(cls, urls: str | Sequence[str]) -> Self:
        """Return the address in one or more URLs, which commas may separate.

        Percent signs in user and password are decoded; a user alone is a token. Give the
        credentials once: all servers get the same.

        Raises:
            AddressError: one cannot be an address, or two have different credentials.
        """
        given = urls.split(",") if isinstance(urls, str) else urls
        parts = [_split(url.strip()) for url in given]
        if not parts:
            raise AddressError("no server was named")
        found = {(p.username, p.password) for p in parts if p.username is not None}
        if len(found) > 1:
            raise AddressError("the servers must have the same user and password")
        if len({part.scheme in {"ws", "wss"} for part in parts}) > 1:
            raise AddressError("servers over WebSocket and others cannot be mixed")
        address = cls(servers=tuple(_server(part) for part in parts))
        if not found:
            return address
        user, password = found.pop()
        if password is None:
            return replace(address, token=unquote(user or ""))
        return replace(address, user=unquote(user or ""), password=unquote(password))

    @property
    def place(self) -> str:
        """The servers as people read them: hosts and ports."""
        return ", ".join(server.partition("://")[2] for server in self.servers)

    @property
    def arguments(self) -> dict[str, Any]:
        """What `nats.connect` and `Client.connect` take of it."""
        named = {
            "user": self.user,
            "password": self.password,
            "token": self.token,
            "user_credentials": self.credentials_file and str(self.credentials_file),
            "nkeys_seed": self.nkey_seed_file and str(self.nkey_seed_file),
            "tls": self.tls,
        }
        return {
            "servers": list(self.servers),
            "inbox_prefix": self.inbox_prefix,
            "tls_handshake_first": self.tls_handshake_first,
            **{name: value for name, value in named.items() if value is not None},
        }


def _split(url: str) -> SplitResult:
    try:
        part = urlsplit(url if "://" in url else f"nats://{url}")
        is_one = _is_server(part)
    except ValueError:
        raise AddressError(EXAMPLE) from None  # its text may repeat a password
    if not is_one:
        raise AddressError(EXAMPLE)
    return part


def _is_server(part: SplitResult) -> bool:
    return bool(
        part.scheme in SCHEMES
        and part.hostname
        and _HOST.fullmatch(part.hostname)
        and part.port != 0
        and not (part.path.strip("/") or part.query or part.fragment)
    )


def _server(part: SplitResult) -> str:
    host = f"[{part.hostname}]" if ":" in (part.hostname or "") else part.hostname
    port = part.port or (None if part.scheme in {"ws", "wss"} else DEFAULT_PORT)
    return f"{part.scheme}://{host}{f':{port}' if port else ''}"
