"""JSON over HTTP to a vendor: one deadline, one set of errors, no secret in any of them."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, SecretStr, ValidationError

from service_kit.errors import InvalidError, OverloadedError, ServiceError, UpstreamError
from service_kit.retry_after import retry_after_seconds
from service_kit.traced_http import TracedHttp

OPENAI_URL = "https://api.openai.com/v1"
CONNECT_SECONDS = 5.0
MAX_VENDOR_CHARS = 300
OVERLOADED_STATUSES = frozenset({408, 429, 503, 529})
"""The server took too long, or has too much to do (529 is Anthropic's)."""
LIMITS = httpx.Limits(max_connections=1_000, max_keepalive_connections=100)

AnswerT = TypeVar("AnswerT", bound=BaseModel)


@dataclass(slots=True, kw_only=True)
class JsonUpstream:
    """A vendor's JSON API and its connections; it retries nothing, the worker does.

    `name` is how errors call it, such as `the model`; a 4xx raises `refused`. `timeout_seconds` is
    the deadline of a whole call.
    """

    name: str
    base_url: str
    api_key: SecretStr
    timeout_seconds: float
    refused: type[InvalidError]
    _client: TracedHttp = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Prepare connections, with the system's certificates; nothing is sent yet."""
        self._client = TracedHttp(
            headers={"Authorization": f"Bearer {self.api_key.get_secret_value()}"},
            timeout=httpx.Timeout(self.timeout_seconds, connect=CONNECT_SECONDS),
            limits=LIMITS,
            follow_redirects=True,
            verify=ssl.create_default_context(),
        )

    async def post(self, path: str, body: Mapping[str, Any], answer: type[AnswerT]) -> AnswerT:
        """Return the answer to one request.

        Raises:
            InvalidError: `refused`, for a 4xx; with the vendor's message.
            OverloadedError: 408, 429, 503, 529 or a timeout; with `retry_after_seconds` in `extra`
                if the server names a time.
            UpstreamError: another 5xx, a broken connection or an unreadable answer.
        """
        with self._errors():
            async with asyncio.timeout(self.timeout_seconds):  # httpx limits each single read
                response = await self._client.post(self._url(path), json=body)
            if not response.is_success:
                raise self._status_error(response)
            return answer.model_validate_json(response.content)

    async def stream(
        self, path: str, body: Mapping[str, Any], event: type[AnswerT]
    ) -> AsyncGenerator[AnswerT]:
        """Yield the events of one answer (`text/event-stream`) as they come, up to `[DONE]`.

        Close it to end the request early.

        Raises:
            InvalidError, OverloadedError, UpstreamError: as `post` does, at any event; also if the
                answer ends without `[DONE]`.
        """
        deadline = asyncio.get_running_loop().time() + self.timeout_seconds
        request = self._client.build_request("POST", self._url(path), json=body)
        with self._errors():
            async with asyncio.timeout_at(deadline):
                response = await self._client.send(request, stream=True)
            try:
                if not response.is_success:
                    async with asyncio.timeout_at(deadline):
                        await response.aread()
                    raise self._status_error(response)
                lines = response.aiter_lines()
                while True:
                    async with asyncio.timeout_at(deadline):
                        line = await anext(lines, None)
                    if line is None:
                        raise UpstreamError(f"{self.name}'s answer is cut off")
                    data = line.removeprefix("data:").strip()
                    if data == "[DONE]":
                        return
                    if line.startswith("data:"):
                        yield event.model_validate_json(data)
            finally:
                await response.aclose()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _url(self, path: str) -> str:
        return self.base_url.rstrip("/") + path

    @contextmanager
    def _errors(self) -> Generator[None]:
        """Give what goes wrong its name."""
        try:
            yield
        except (httpx.TimeoutException, TimeoutError):
            raise OverloadedError(
                f"{self.name} gave no answer in {self.timeout_seconds:g} s"
            ) from None
        except httpx.HTTPError as error:
            raise UpstreamError(f"no answer from {self.name}: {type(error).__name__}") from None
        except ValidationError:
            raise UpstreamError(f"{self.name}'s answer cannot be read") from None

    def _status_error(self, response: httpx.Response) -> ServiceError:
        status = response.status_code
        message = f"{self.name}'s server answered {status}: {self._vendor_message(response)}"
        is_overloaded = status in OVERLOADED_STATUSES
        if status < 500 and not is_overloaded:
            return self.refused(message)
        seconds = retry_after_seconds(response.headers)
        kind = OverloadedError if is_overloaded else UpstreamError
        return kind(message, extra={} if seconds is None else {"retry_after_seconds": seconds})

    def _vendor_message(self, response: httpx.Response) -> str:
        """Return the server's words; some repeat the key in them."""
        try:
            body: object = response.json()
        except ValueError:
            body = response.text
        match body:
            case {"error": {"message": str(message)} | str(message)}:
                pass
            case {"message": str(message)} | {"detail": str(message)} | str(message):
                pass
            case _:
                return "without a message"
        return one_line(message.replace(self.api_key.get_secret_value(), "***"))


def one_line(text: str) -> str:
    """Return a vendor's words on one line, without control characters."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:MAX_VENDOR_CHARS]
