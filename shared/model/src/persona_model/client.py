"""Asks a language model behind OpenAI's chat completions API, or a compatible one."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from service_kit.upstream import OPENAI_URL, JsonUpstream

from persona_model.completion import Completion, CompletionPart, CountedTokens
from persona_model.endpoint import ModelEndpoint
from persona_model.errors import ModelRefusedError
from persona_model.message import Message
from persona_model.usage import TokenUsage

PATH = "/chat/completions"


class ModelClient:
    """One model call per question; the caller retries what fails.

    No tools are ever offered, so nothing in a message can call any.
    """

    def __init__(self, endpoint: ModelEndpoint) -> None:
        self.endpoint = endpoint
        self._upstream = JsonUpstream(
            name="the model",
            base_url=endpoint.base_url or OPENAI_URL,
            api_key=endpoint.api_key,
            timeout_seconds=endpoint.timeout_seconds,
            refused=ModelRefusedError,
        )

    async def keep_open(self) -> None:
        """Keep the connections until cancelled, then close them."""
        try:
            await asyncio.Event().wait()
        finally:
            await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._upstream.close()

    async def ask(
        self, model: str | None, messages: Sequence[Message], options: Mapping[str, Any]
    ) -> Completion:
        """Return the answer of `model`, by default the endpoint's.

        Raises:
            ModelRefusedError: a 4xx.
            UpstreamError: worth another attempt, after `extra["retry_after_seconds"]` if given.
        """
        return await self._upstream.post(PATH, self._request(model, messages, options), Completion)

    async def stream(
        self, model: str | None, messages: Sequence[Message], options: Mapping[str, Any]
    ) -> AsyncGenerator[CompletionPart]:
        """Yield the parts of an answer as they come; close it to stop the model.

        Raises:
            ModelRefusedError: a 4xx.
            UpstreamError: it cannot answer now, or the answer broke off.
        """
        request = self._request(model, messages, options)
        streamed = {**request, "stream": True, "stream_options": {"include_usage": True}}
        parts = self._upstream.stream(PATH, streamed, CompletionPart)
        try:
            async for part in parts:
                yield part
        finally:
            await parts.aclose()

    def options(
        self, *, max_tokens: int | None = None, temperature: float | None = None
    ) -> dict[str, object]:
        """Return the options of a call, as far as the server understands them."""
        abilities = self.endpoint.abilities
        options: dict[str, object] = {
            abilities.max_tokens_field: max_tokens or self.endpoint.max_output_tokens
        }
        if abilities.temperature and temperature is not None:
            options["temperature"] = temperature
        return options

    def usage(self, model: str | None, counted: CountedTokens | None) -> TokenUsage:
        """Return what the server counted; one that counts nothing leaves the cost unknown."""
        if counted is None:
            return TokenUsage(input_tokens=0, output_tokens=0, cost_microusd=None)
        tokens = counted.prompt_tokens, counted.completion_tokens
        price = self.endpoint.prices.get(model or self.endpoint.model)
        return TokenUsage(
            input_tokens=tokens[0],
            output_tokens=tokens[1],
            cost_microusd=None if price is None else price.microusd(*tokens),
        )

    def _request(
        self, model: str | None, messages: Sequence[Message], options: Mapping[str, Any]
    ) -> dict[str, object]:
        role = self.endpoint.abilities.system_role
        turns = [
            {"role": role if author == "system" else author, "content": content}
            for author, content in messages
        ]
        return {"model": model or self.endpoint.model, "messages": turns, **options}
