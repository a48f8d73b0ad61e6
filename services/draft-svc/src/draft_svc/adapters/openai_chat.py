"""One call of the chat completions API through OpenAI's SDK, ending by its deadline.

Importing this takes the SDK's second and 90 MB: `openai_writer` does it off the event loop.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from openai import APIStatusError, APITimeoutError, AsyncOpenAI, OpenAIError, Timeout
from pydantic import BaseModel, Field, ValidationError
from service_kit.errors import OverloadedError, ServiceError, UpstreamError
from service_kit.retry_after import retry_after_seconds

from draft_svc.adapters.model_endpoint import ModelEndpoint
from draft_svc.domain.brief import ModelRefusedError
from draft_svc.domain.draft import MAX_BODY_CHARS
from draft_svc.domain.messages import Message
from draft_svc.domain.plain_text import plain_text

CONNECT_SECONDS = 5.0
MAX_VENDOR_CHARS = 300
OVERLOADED_STATUSES = frozenset({408, 429, 503, 529})
"""The server took too long, or has too much to do (529 is Anthropic's)."""


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)


class Completion(BaseModel):
    """What is read of an answer: compatible servers omit much of the SDK's model."""

    choices: list[_Choice] = Field(min_length=1)
    model: str | None = None
    usage: _Usage | None = None

    def text(self) -> str:
        """Return what the model wrote, complete and in plain characters.

        Raises:
            ModelRefusedError: it declined, or a content filter stopped it.
            UpstreamError: the answer is cut off, not marked as complete, or empty.
        """
        choice = self.choices[0]
        if choice.message.refusal:
            raise ModelRefusedError(f"it declined: {_short(choice.message.refusal)}")
        if choice.finish_reason == "content_filter":
            raise ModelRefusedError("its content filter stopped the answer")
        if choice.finish_reason != "stop":
            raise UpstreamError(f"the model's answer is not complete: {choice.finish_reason}")
        text = plain_text(choice.message.content or "").strip()
        if not text or len(text) > MAX_BODY_CHARS:
            raise UpstreamError(f"the model's answer has {len(text)} characters")
        return text


class OpenAIChat:
    """A connection pool to one endpoint; it never retries: the worker does."""

    def __init__(self, endpoint: ModelEndpoint) -> None:
        self._endpoint = endpoint
        self._client = AsyncOpenAI(
            api_key=endpoint.api_key.get_secret_value(),
            base_url=endpoint.base_url,
            timeout=Timeout(endpoint.timeout_seconds, connect=CONNECT_SECONDS),
            max_retries=0,
        )

    async def complete(
        self, messages: Sequence[Message], *, model: str, options: Mapping[str, Any]
    ) -> Completion:
        """Return the answer; no tools are ever offered, so nothing in a message can call any.

        Raises:
            ModelRefusedError: a 4xx, with the vendor's message.
            OverloadedError: 429, 503 or a timeout; with `retry_after_seconds` in `extra` if the
                server names a time.
            UpstreamError: another 5xx, a broken connection or an unreadable answer.
        """
        role, seconds = self._endpoint.abilities.system_role, self._endpoint.timeout_seconds
        turns = [
            {"role": role if author == "system" else author, "content": content}
            for author, content in messages
        ]
        request = {"model": model, "messages": turns, **options}
        try:
            async with asyncio.timeout(seconds):  # the SDK's limits each single read
                answer = await self._client.post("/chat/completions", cast_to=str, body=request)
            return Completion.model_validate_json(answer)
        except APIStatusError as error:
            raise self._status_error(error) from None
        except (APITimeoutError, TimeoutError):
            raise OverloadedError(f"the model gave no answer in {seconds:g} s") from None
        except ValidationError:
            raise UpstreamError("the model's answer cannot be read") from None
        except OpenAIError as error:
            raise UpstreamError(f"no answer from the model: {type(error).__name__}") from None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _status_error(self, error: APIStatusError) -> ServiceError:
        detail = f"the model's server answered {error.status_code}: {self._vendor_message(error)}"
        is_overloaded = error.status_code in OVERLOADED_STATUSES
        if error.status_code < 500 and not is_overloaded:
            return ModelRefusedError(detail)
        seconds = retry_after_seconds(error.response.headers)
        kind = OverloadedError if is_overloaded else UpstreamError
        return kind(detail, extra={} if seconds is None else {"retry_after_seconds": seconds})

    def _vendor_message(self, error: APIStatusError) -> str:
        """Return the server's words without the key, which some repeat."""
        match error.body:
            case {"message": str(message)} | {"detail": str(message)} | str(message):
                key = self._endpoint.api_key.get_secret_value()
                return _short(message.replace(key, "***"))
            case _:
                return "without a message"


def _short(text: str) -> str:
    return " ".join(plain_text(text).split())[:MAX_VENDOR_CHARS]
