"""The services behind the gateway, over HTTP."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import httpx
from opentelemetry import propagate
from pydantic import TypeAdapter, ValidationError

from studio_svc.domain.services import ServiceUnavailableError

CONNECT_SECONDS: Final = 3.0
LIMITS: Final = httpx.Limits(
    max_connections=1_000, max_keepalive_connections=100, keepalive_expiry=3.0
)
"""Services close a connection that is idle for 5 s."""
HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that are about one connection (RFC 9110 §7.6.1)."""
DOCUMENT: Final = TypeAdapter(dict[str, Any])
Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of a service's answer, and its body as it comes."""

    status: int
    headers: Headers
    parts: httpx.AsyncByteStream


class HttpServices:
    """Asks services, and follows nothing: no cookies, no redirects."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        """Take the address of each service; nothing is sent yet."""
        self._urls = {name: httpx.URL(url) for name, url in urls.items()}
        self._transport = httpx.AsyncHTTPTransport(
            verify=ssl.create_default_context(), limits=LIMITS, trust_env=False
        )

    @property
    def names(self) -> Sequence[str]:
        """All services."""
        return list(self._urls)

    async def ask(
        self,
        service: str,
        method: str,
        target: bytes,
        headers: Headers,
        body: AsyncIterator[bytes] | None = None,
        read_seconds: float | None = None,
    ) -> Answer:
        """Return the head of the answer; whoever asked closes `parts`.

        Args:
            service: such as `draft-svc`.
            method: of the request.
            target: path and query, as they came.
            headers: of the request; those about a connection are left out.
            body: what is sent, as it comes.
            read_seconds: how long to wait for each part of the answer; None: as long as it takes.

        Raises:
            ServiceUnavailableError: it does not answer.
        """
        carried = dict[str, str]()
        propagate.inject(carried)
        request = httpx.Request(
            method,
            self._urls[service].copy_with(raw_path=target),
            headers=[
                *((name, value) for name, value in headers if _is_end_to_end(name)),
                *((name.encode(), value.encode()) for name, value in carried.items()),
            ],
            content=body,
            extensions={"timeout": {"connect": CONNECT_SECONDS, "read": read_seconds}},
        )
        try:
            response = await self._transport.handle_async_request(request)
        except httpx.TransportError as error:
            raise ServiceUnavailableError.of(service) from error
        headers = [pair for pair in response.headers.raw if _is_end_to_end(pair[0])]
        if not isinstance(response.stream, httpx.AsyncByteStream):
            raise TypeError("the transport is asynchronous")
        return Answer(response.status_code, headers, response.stream)

    async def get_json(
        self, service: str, target: bytes, authorization: str, seconds: float
    ) -> dict[str, Any]:
        """Return a JSON document of a service.

        Raises:
            ServiceUnavailableError: there is none within `seconds`, or the service refuses.
        """
        headers = [(b"authorization", authorization.encode("latin-1"))] if authorization else []
        try:
            async with asyncio.timeout(seconds):
                answer = await self.ask(service, "GET", target, headers)
                try:
                    content = b"".join([part async for part in answer.parts])
                finally:
                    await answer.parts.aclose()
            if answer.status != HTTPStatus.OK:
                raise ServiceUnavailableError.of(service)
            return DOCUMENT.validate_json(content)
        except (TimeoutError, httpx.TransportError, ValidationError) as error:
            raise ServiceUnavailableError.of(service) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.aclose()


def _is_end_to_end(name: bytes) -> bool:
    return name.decode("latin-1").lower() not in HOP_BY_HOP
