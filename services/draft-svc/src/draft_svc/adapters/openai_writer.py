"""Writes with a language model behind OpenAI's chat completions API, or a compatible one."""

import asyncio
from typing import Any

from service_kit.upstream import OPENAI_URL, JsonUpstream

from draft_svc.adapters.model_endpoint import ModelEndpoint
from draft_svc.adapters.openai_chat import Completion
from draft_svc.domain.brief import Brief, ModelRefusedError, TokenUsage, Written
from draft_svc.domain.citations import split_citations
from draft_svc.domain.messages import Message, compose_strategy_messages, compose_write_messages
from draft_svc.domain.strategy import STRATEGY_SCHEMA, Strategy

PLAN_TEMPERATURE = 0.0
"""Where the persona names none: an analysis of the same reply should come out the same."""


class OpenAIWriter:
    """One model call per step; the caller retries what fails."""

    def __init__(self, endpoint: ModelEndpoint) -> None:
        self._endpoint = endpoint
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

    async def plan(self, brief: Brief) -> tuple[str, TokenUsage]:
        """Return the strategy as JSON text, unchecked; one model call.

        Raises:
            ModelRefusedError: a 4xx or a refusal.
            UpstreamError: worth another attempt, after `extra["retry_after_seconds"]` if given.
        """
        options: dict[str, object] = {
            "response_format": self._json_format(),
            self._endpoint.abilities.max_tokens_field: self._endpoint.max_output_tokens,
        }
        if self._endpoint.abilities.temperature:
            options["temperature"] = brief.voice.temperature or PLAN_TEMPERATURE
        answer = await self._ask(brief, compose_strategy_messages(brief), options)
        return answer.text(), self._usage(brief, answer)

    async def write(self, brief: Brief, strategy: Strategy | None) -> Written:
        """Return the body; one model call.

        Raises:
            ModelRefusedError: a 4xx or a refusal.
            UpstreamError: worth another attempt, after `extra["retry_after_seconds"]` if given.
        """
        abilities, voice = self._endpoint.abilities, brief.voice
        options: dict[str, object] = {
            abilities.max_tokens_field: voice.max_tokens or self._endpoint.max_output_tokens
        }
        if abilities.temperature and voice.temperature is not None:
            options["temperature"] = voice.temperature
        answer = await self._ask(brief, compose_write_messages(brief, strategy), options)
        cited = split_citations(answer.text(), len(brief.passages), keep_marks=voice.cite_sources)
        return Written(
            body=cited.text,
            model=answer.model or self._model(brief),
            usage=self._usage(brief, answer),
            cited=cited.numbers,
            dropped_citations=cited.dropped,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._upstream.close()

    async def _ask(
        self, brief: Brief, messages: list[Message], options: dict[str, Any]
    ) -> Completion:
        """Ask once; no tools are ever offered, so nothing in a message can call any."""
        role = self._endpoint.abilities.system_role
        turns = [
            {"role": role if author == "system" else author, "content": content}
            for author, content in messages
        ]
        request = {"model": self._model(brief), "messages": turns, **options}
        return await self._upstream.post("/chat/completions", request, Completion)

    def _model(self, brief: Brief) -> str:
        return brief.voice.model or self._endpoint.model

    def _json_format(self) -> dict[str, object]:
        if not self._endpoint.abilities.json_schema:
            return {"type": "json_object"}
        schema = {"name": "strategy", "strict": True, "schema": STRATEGY_SCHEMA}
        return {"type": "json_schema", "json_schema": schema}

    def _usage(self, brief: Brief, answer: Completion) -> TokenUsage:
        """Return what the server counted; one that counts nothing leaves the cost unknown."""
        if answer.usage is None:
            return TokenUsage(input_tokens=0, output_tokens=0, cost_microusd=None)
        tokens = answer.usage.prompt_tokens, answer.usage.completion_tokens
        price = self._endpoint.prices.get(self._model(brief))
        return TokenUsage(
            input_tokens=tokens[0],
            output_tokens=tokens[1],
            cost_microusd=None if price is None else price.microusd(*tokens),
        )
