"""Speech, voices, quota and calls at ElevenLabs."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Generator, Sequence
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel

from voice_svc.adapters.elevenlabs.answers import VoiceAnswer
from voice_svc.adapters.elevenlabs.client import NO_RETRY, PAGE, ElevenLabs, document
from voice_svc.adapters.elevenlabs.requests import SpeechRequest
from voice_svc.domain.provider import (
    ProviderRefusedError,
    ProviderThingNotFoundError,
    ProviderUnavailableError,
)
from voice_svc.domain.speech import Quota, Utterance, Voice

if TYPE_CHECKING:
    from elevenlabs.client import AsyncElevenLabs

AS_THEY_COME: Any = {**NO_RETRY, "chunk_size": None}
"""The SDK would collect 1,024 bytes: 44 ms to the first byte instead of 152 (measured)."""


class _VoicePage(BaseModel):
    voices: list[VoiceAnswer]
    has_more: bool = False
    next_page_token: str | None = None


class _Subscription(BaseModel):
    character_count: int
    character_limit: int
    next_character_count_reset_unix: int | None = None


class _SignedUrl(BaseModel):
    signed_url: str


class StreamedAudio:
    """Audio under way, whose first part is there; close it."""

    content_type = "audio/mpeg"

    def __init__(
        self,
        vendor: ElevenLabs,
        opened: AsyncExitStack,
        parts: AsyncIterator[bytes],
        *,
        concurrency_limit: int | None,
    ) -> None:
        self.concurrency_limit = concurrency_limit
        self._vendor = vendor
        self._opened = opened
        self._parts = parts
        self._first: bytes | None = None

    async def start(self) -> "StreamedAudio":
        """Wait for the first part; raises as the iteration, and closes then."""
        try:
            self._first = await self._next()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        """Yield the parts as they come; each must come within the deadline."""
        part = self._first
        while part is not None:
            yield part
            part = await self._next()

    async def close(self) -> None:
        """Close the connection, wherever the audio stands."""
        await self._opened.aclose()

    async def _next(self) -> bytes | None:
        with self._vendor.answers(changes=False):
            async with asyncio.timeout(self._vendor.timeout_seconds):
                return await anext(self._parts, None)


class ElevenLabsSpeech:
    """What the ports `Speech`, `Voices`, `Subscription` and `Conversations` ask for."""

    def __init__(self, vendor: ElevenLabs) -> None:
        self._vendor = vendor

    async def say(self, utterance: Utterance) -> StreamedAudio:
        """Return the audio once its first part is there."""
        sdk = await self._vendor.sdk()
        body = cast("Any", SpeechRequest.of(utterance).body())
        async with AsyncExitStack() as opening:
            with _voice_may_be_gone(), self._vendor.answers(changes=False):
                async with asyncio.timeout(self._vendor.timeout_seconds):
                    answer = await opening.enter_async_context(
                        sdk.text_to_speech.with_raw_response.stream(
                            utterance.voice_id, **body, request_options=AS_THEY_COME
                        )
                    )
            if not answer.headers.get("content-type", "").startswith("audio/"):
                raise ProviderUnavailableError("the speech provider answered with no audio")
            audio = StreamedAudio(
                self._vendor,
                opening.pop_all(),
                answer.data,
                concurrency_limit=_limit(answer.headers.get("maximum-concurrent-requests")),
            )
        return await audio.start()

    async def voices(self) -> Sequence[Voice]:
        """Return all voices, page by page."""
        found: list[Voice] = []
        token: str | None = None
        while True:
            answer = await self._vendor.read(partial(_search, token))
            page = document(answer, _VoicePage)
            found += map(VoiceAnswer.voice, page.voices)
            token = page.next_page_token
            if not page.has_more or token is None:
                return found

    async def exists(self, voice_id: str) -> bool:
        """Return whether there is such a voice, also one that no list has."""
        try:
            with _voice_may_be_gone():
                await self._vendor.read(
                    lambda sdk: sdk.voices.get(voice_id, request_options=NO_RETRY)
                )
        except ProviderThingNotFoundError:
            return False
        return True

    async def sample(self, voice_id: str) -> StreamedAudio | None:
        """Return the vendor's own sample of a voice, which costs no characters."""
        answer = await self._vendor.read(
            lambda sdk: sdk.voices.get(voice_id, request_options=NO_RETRY)
        )
        address = document(answer, VoiceAnswer).preview_url
        if address is None:
            return None
        http = await self._vendor.http()
        async with AsyncExitStack() as opening:
            with self._vendor.answers(changes=False):
                response = await opening.enter_async_context(http.stream("GET", address))
                response.raise_for_status()
            audio = StreamedAudio(
                self._vendor, opening.pop_all(), response.aiter_bytes(), concurrency_limit=None
            )
        return await audio.start()

    async def quota(self) -> Quota:
        """Return the characters used, the limit, and when it begins anew."""
        answer = await self._vendor.read(
            lambda sdk: sdk.user.subscription.get(request_options=NO_RETRY)
        )
        found = document(answer, _Subscription)
        resets = found.next_character_count_reset_unix
        return Quota(
            characters_used=found.character_count,
            characters_limit=found.character_limit,
            resets_at=None if resets is None else datetime.fromtimestamp(resets, UTC),
        )

    async def signed_url(self, agent_id: str) -> str:
        """Return an address by which a browser may talk to an agent."""
        answer = await self._vendor.read(
            lambda sdk: sdk.conversational_ai.conversations.get_signed_url(
                agent_id=agent_id, request_options=NO_RETRY
            )
        )
        return document(answer, _SignedUrl).signed_url


def _search(token: str | None, sdk: "AsyncElevenLabs") -> Awaitable[BaseModel]:
    return sdk.voices.search(
        page_size=PAGE, next_page_token=token, include_total_count=False, request_options=NO_RETRY
    )


@contextmanager
def _voice_may_be_gone() -> Generator[None]:
    """Tell a refusal for a voice that is gone, which comes with 400 too, as such."""
    try:
        yield
    except ProviderRefusedError as error:
        if error.extra.get("code") != "voice_not_found":
            raise
        raise ProviderThingNotFoundError(str(error)) from None


def _limit(header: str | None) -> int | None:
    return int(header) if header is not None and header.isdecimal() and int(header) > 0 else None
