"""The SDK of ElevenLabs: loaded on first use and off the event loop, with our deadlines (ADR)."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

import httpx
from pydantic import BaseModel, SecretStr, ValidationError
from service_kit.traced_http import TracedHttp

from voice_svc.adapters.elevenlabs.errors import status_error, transport_error
from voice_svc.domain.provider import (
    ProviderAmbiguousError,
    ProviderNotConfiguredError,
    ProviderUnavailableError,
)

if TYPE_CHECKING:
    from elevenlabs.client import AsyncElevenLabs
    from elevenlabs.core.request_options import RequestOptions

LIMITS = httpx.Limits(max_connections=500, max_keepalive_connections=50)
NO_RETRY: "RequestOptions" = {"max_retries": 0}
"""The SDK would repeat what failed, also the making of an agent."""

PAGE = 100
"""The most that ElevenLabs gives at once."""


class Page(BaseModel):
    """A page of a list; its `next_cursor` is None if it is the last."""

    next_cursor: str | None = None


AnswerT = TypeVar("AnswerT")
DocumentT = TypeVar("DocumentT", bound=BaseModel)
PageT = TypeVar("PageT", bound=Page)
SdkCall = Callable[["AsyncElevenLabs"], Awaitable[AnswerT]]


@dataclass(slots=True, kw_only=True)
class ElevenLabs:
    """ElevenLabs behind one key; `api_key` None: nothing can be asked.

    `timeout_seconds` is the deadline of a whole call; of audio, of the wait for each part.
    """

    api_key: SecretStr | None
    base_url: str
    connect_timeout_seconds: float
    timeout_seconds: float
    _loading: asyncio.Lock = field(default_factory=asyncio.Lock)
    _sdk: "AsyncElevenLabs | None" = None
    _http: httpx.AsyncClient | None = None

    async def sdk(self) -> "AsyncElevenLabs":
        """Return the SDK's client, loaded.

        Raises:
            ProviderNotConfiguredError: there is no key.
        """
        if self.api_key is None:
            raise ProviderNotConfiguredError(
                "Set DRAMATIS_VOICE_ELEVENLABS_API_KEY: without a key there is no voice."
            )
        if self._sdk is None:
            async with self._loading:
                if self._sdk is None:
                    self._sdk, self._http = await asyncio.to_thread(
                        self._load, self.api_key.get_secret_value()
                    )
        return self._sdk

    async def http(self) -> httpx.AsyncClient:
        """Return the connections that the SDK uses."""
        await self.sdk()
        return cast("httpx.AsyncClient", self._http)

    async def read(self, call: SdkCall[AnswerT]) -> AnswerT:
        """Return what a call that changes nothing answers; errors as the ports say."""
        return await self._call(call, changes=False)

    async def change(self, call: SdkCall[AnswerT]) -> AnswerT:
        """Return what a call answers that may have been carried out though it failed."""
        return await self._call(call, changes=True)

    async def pages(
        self,
        list_page: "Callable[[dict[str, Any], AsyncElevenLabs], Awaitable[BaseModel]]",
        kind: type[PageT],
    ) -> AsyncGenerator[PageT]:
        """Yield every page of a list; `list_page` takes the query."""
        query: dict[str, Any] = {"page_size": PAGE, "request_options": NO_RETRY}
        cursor: str | None = ""
        while cursor is not None:
            asked = {**query, "cursor": cursor} if cursor else query
            page = document(await self.read(partial(list_page, asked)), kind)
            yield page
            cursor = page.next_cursor

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()

    @contextmanager
    def answers(self, *, changes: bool) -> Generator[None]:
        """Turn what the SDK raises into the errors of the ports.

        Raises:
            ServiceError: as the ports say.
        """
        from elevenlabs.core.api_error import ApiError  # noqa: PLC0415 — loaded by now

        try:
            yield
        except ApiError as error:
            raise status_error(
                error.status_code, error.body, error.headers, changes=changes
            ) from None
        except (httpx.HTTPError, TimeoutError) as error:
            raise transport_error(error, changes=changes) from None

    async def _call(self, call: SdkCall[AnswerT], *, changes: bool) -> AnswerT:
        sdk = await self.sdk()
        with self.answers(changes=changes):
            async with asyncio.timeout(self.timeout_seconds):
                return await call(sdk)

    def _load(self, key: str) -> "tuple[AsyncElevenLabs, httpx.AsyncClient]":
        from elevenlabs.client import AsyncElevenLabs  # noqa: PLC0415 — see the module

        timeout = httpx.Timeout(self.timeout_seconds, connect=self.connect_timeout_seconds)
        http = TracedHttp(timeout=timeout, limits=LIMITS, follow_redirects=True)
        sdk = AsyncElevenLabs(
            api_key=key,
            base_url=self.base_url,
            timeout=cast("float", timeout),  # handed on to httpx as it is
            httpx_client=http,
        )
        # Each of them is imported when it is first touched.
        for part in (sdk.conversational_ai, sdk.user):
            for name in ("agents", "tools", "secrets", "conversations", "subscription"):
                getattr(part, name, None)
        _ = (sdk.text_to_speech, sdk.voices)
        return sdk, http


def document(answer: BaseModel, kind: type[DocumentT], *, changes: bool = False) -> DocumentT:
    """Return an answer of the SDK, which checks nothing, as what we read of it.

    Raises:
        ProviderUnavailableError: it is something else; ambiguous if the call `changes` something.
    """
    try:
        return kind.model_validate(answer.model_dump(exclude_none=True))
    except ValidationError:
        unreadable = ProviderAmbiguousError if changes else ProviderUnavailableError
        raise unreadable("the speech provider's answer cannot be read") from None
