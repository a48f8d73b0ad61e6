"""Answers with a language model behind OpenAI's chat completions API, or a compatible one."""

from collections.abc import AsyncGenerator

from persona_model.client import ModelClient
from persona_model.completion import CountedTokens
from persona_model.endpoint import ModelEndpoint
from persona_model.errors import NothingWrittenError
from persona_model.plain_text import plain_text
from service_kit.errors import UpstreamError

from chat_svc.domain.prompt import ChatBrief, Written, compose_messages


class OpenAIWriter:
    """One model call for an answer."""

    def __init__(self, endpoint: ModelEndpoint) -> None:
        self._client = ModelClient(endpoint)

    async def keep_open(self) -> None:
        """Keep the connections until cancelled, then close them."""
        await self._client.keep_open()

    async def write(self, brief: ChatBrief) -> AsyncGenerator[str | Written]:
        """Yield the words of an answer as they come, then what it cost.

        Raises:
            ModelRefusedError: a 4xx or a refusal.
            UpstreamError: it cannot answer now, or broke off.
        """
        voice = brief.voice
        options = self._client.options(max_tokens=voice.max_tokens, temperature=voice.temperature)
        parts = self._client.stream(voice.model, compose_messages(brief), options)
        model, counted, end, is_empty = voice.model or self._client.endpoint.model, None, None, True
        try:
            async for part in parts:
                if text := plain_text(part.text):
                    is_empty = False
                    yield text
                model, counted, end = part.model or model, part.usage or counted, part.end or end
        finally:
            await parts.aclose()
        if end not in {"stop", "length"}:
            raise UpstreamError("the model's answer is not complete")
        if is_empty:
            raise NothingWrittenError("the model wrote nothing")
        yield self._written(model, voice.model, counted)

    def _written(self, model: str, asked: str | None, counted: CountedTokens | None) -> Written:
        return Written(model, self._client.usage(asked, counted))
