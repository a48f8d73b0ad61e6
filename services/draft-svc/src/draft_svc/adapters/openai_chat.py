"""What is read of an answer of the chat completions API."""

from pydantic import BaseModel, Field
from service_kit.errors import UpstreamError
from service_kit.upstream import one_line

from draft_svc.domain.brief import ModelRefusedError
from draft_svc.domain.draft import MAX_BODY_CHARS
from draft_svc.domain.plain_text import plain_text


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
    """What is read of an answer: compatible servers leave out much of what OpenAI sends."""

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
            raise ModelRefusedError(f"it declined: {one_line(choice.message.refusal)}")
        if choice.finish_reason == "content_filter":
            raise ModelRefusedError("its content filter stopped the answer")
        if choice.finish_reason != "stop":
            raise UpstreamError(f"the model's answer is not complete: {choice.finish_reason}")
        text = plain_text(choice.message.content or "").strip()
        if not text or len(text) > MAX_BODY_CHARS:
            raise UpstreamError(f"the model's answer has {len(text)} characters")
        return text
