"""What is read of an answer of the chat completions API."""

from pydantic import BaseModel, Field
from service_kit.errors import UpstreamError
from service_kit.upstream import one_line

from persona_model.errors import ModelRefusedError
from persona_model.plain_text import plain_text

MAX_ANSWER_CHARS = 20_000


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class CountedTokens(BaseModel):
    """What the server counted."""

    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)


class Completion(BaseModel):
    """What is read of an answer: compatible servers leave out much of what OpenAI sends."""

    choices: list[_Choice] = Field(min_length=1)
    model: str | None = None
    usage: CountedTokens | None = None

    def text(self) -> str:
        """Return what the model wrote, complete and in plain characters.

        Raises:
            ModelRefusedError: it declined, or a content filter stopped it.
            UpstreamError: the answer is cut off, not marked as complete, or empty.
        """
        choice = self.choices[0]
        if choice.message.refusal:
            raise ModelRefusedError(f"it declined: {one_line(choice.message.refusal)}")
        if choice.finish_reason == "content_filter":
            raise ModelRefusedError("its content filter stopped the answer")
        if choice.finish_reason != "stop":
            raise UpstreamError(f"the model's answer is not complete: {choice.finish_reason}")
        text = plain_text(choice.message.content or "").strip()
        if not text or len(text) > MAX_ANSWER_CHARS:
            raise UpstreamError(f"the model's answer has {len(text)} characters")
        return text


class _Delta(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _ChoicePart(BaseModel):
    delta: _Delta = Field(default_factory=_Delta)
    finish_reason: str | None = None


class CompletionPart(BaseModel):
    """What is read of one event of a stream; the one with the usage has no choice."""

    choices: list[_ChoicePart] = Field(default_factory=list[_ChoicePart])
    model: str | None = None
    usage: CountedTokens | None = None

    @property
    def text(self) -> str:
        """What came with this event.

        Raises:
            ModelRefusedError: the model declined, or a content filter stopped it.
        """
        choice = next(iter(self.choices), None)
        if choice is None:
            return ""
        if choice.delta.refusal:
            raise ModelRefusedError(f"it declined: {one_line(choice.delta.refusal)}")
        if choice.finish_reason == "content_filter":
            raise ModelRefusedError("its content filter stopped the answer")
        return choice.delta.content or ""

    @property
    def end(self) -> str | None:
        """Why the model ended here, if it did: `stop` when the answer is complete."""
        return self.choices[0].finish_reason if self.choices else None
