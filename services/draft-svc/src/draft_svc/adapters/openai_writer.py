"""Writes with a language model behind OpenAI's chat completions API, or a compatible one."""

from persona_model.citations import split_citations
from persona_model.client import ModelClient
from persona_model.endpoint import ModelEndpoint
from persona_model.usage import TokenUsage

from draft_svc.domain.brief import Brief, Written
from draft_svc.domain.messages import compose_strategy_messages, compose_write_messages
from draft_svc.domain.strategy import STRATEGY_SCHEMA, Strategy

PLAN_TEMPERATURE = 0.0
"""Where the persona names none: an analysis of the same reply should come out the same."""


class OpenAIWriter:
    """One model call per step; the caller retries what fails."""

    def __init__(self, endpoint: ModelEndpoint) -> None:
        self._client = ModelClient(endpoint)

    async def keep_open(self) -> None:
        """Keep the connections until cancelled, then close them."""
        await self._client.keep_open()

    async def plan(self, brief: Brief) -> tuple[str, TokenUsage]:
        """Return the strategy as JSON text, unchecked; one model call.

        Raises:
            ModelRefusedError: a 4xx or a refusal.
            UpstreamError: worth another attempt, after `extra["retry_after_seconds"]` if given.
        """
        voice = brief.voice
        options = {
            **self._client.options(temperature=voice.temperature or PLAN_TEMPERATURE),
            "response_format": self._json_format(),
        }
        model = voice.strategy_model or voice.model
        answer = await self._client.ask(model, compose_strategy_messages(brief), options)
        return answer.text(), self._client.usage(model, answer.usage)

    async def write(self, brief: Brief, strategy: Strategy | None) -> Written:
        """Return the body; one model call.

        Raises:
            ModelRefusedError: a 4xx or a refusal.
            UpstreamError: worth another attempt, after `extra["retry_after_seconds"]` if given.
        """
        voice = brief.voice
        options = self._client.options(max_tokens=voice.max_tokens, temperature=voice.temperature)
        messages = compose_write_messages(brief, strategy)
        answer = await self._client.ask(voice.model, messages, options)
        cited = split_citations(answer.text(), len(brief.passages), keep_marks=voice.cite_sources)
        return Written(
            body=cited.text,
            model=answer.model or voice.model or self._client.endpoint.model,
            usage=self._client.usage(voice.model, answer.usage),
            cited=cited.numbers,
            dropped_citations=cited.dropped,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _json_format(self) -> dict[str, object]:
        if not self._client.endpoint.abilities.json_schema:
            return {"type": "json_object"}
        schema = {"name": "strategy", "strict": True, "schema": STRATEGY_SCHEMA}
        return {"type": "json_schema", "json_schema": schema}
