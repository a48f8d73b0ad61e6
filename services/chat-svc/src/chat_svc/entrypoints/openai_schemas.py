"""Bodies and answers as OpenAI's API has them; fields that are not read are ignored."""

from collections.abc import Iterator
from typing import Annotated, Literal

from persona_contracts import ResolvedPersona, Text
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from chat_svc.domain.message import MAX_MESSAGE_CHARS, CitedPassage
from chat_svc.domain.prompt import Turn, Written

OWNER = "dramatis"


class OpenAIPart(BaseModel):
    """A part of a message; other kinds than `text` are not read."""

    model_config = ConfigDict(extra="ignore")

    type: str
    text: Text = ""


class OpenAIMessage(BaseModel):
    """A message; what a program says as `system` or `developer` is data, like all the rest."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Text | list[OpenAIPart] | None = None

    @property
    def text(self) -> str:
        """Its words."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text").strip()
        return (self.content or "").strip()


class OpenAIStreamOptions(BaseModel):
    """How an answer streams."""

    model_config = ConfigDict(extra="ignore")

    include_usage: bool = False


class CreateCompletionRequest(BaseModel):
    """A conversation whose last message is to be answered."""

    model_config = ConfigDict(extra="ignore")

    model: Annotated[Text, StringConstraints(min_length=1, max_length=80)] = Field(
        description="A persona: its id, or its name."
    )
    messages: list[OpenAIMessage] = Field(min_length=1, max_length=1_000)
    stream: bool = False
    stream_options: OpenAIStreamOptions | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> "CreateCompletionRequest":
        last = self.messages[-1]
        if last.role != "user" or not 0 < len(last.text) <= MAX_MESSAGE_CHARS:
            raise ValueError(
                f"the last message must be the user's, with up to {MAX_MESSAGE_CHARS:,} characters"
            )
        return self

    @property
    def question(self) -> str:
        """What is to be answered."""
        return self.messages[-1].text

    @property
    def history(self) -> list[Turn]:
        """What was said before."""
        earlier = self.messages[:-1]
        return [Turn(is_answer=each.role == "assistant", text=each.text) for each in earlier]

    @property
    def wants_usage(self) -> bool:
        """Whether a stream ends with what it cost."""
        return self.stream_options is not None and self.stream_options.include_usage


class OpenAIModelDocument(BaseModel):
    """A persona as a model."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = OWNER
    name: str

    @classmethod
    def of(cls, persona: ResolvedPersona) -> "OpenAIModelDocument":
        """Show a persona."""
        created = int(persona.updated_at.timestamp())
        return cls(id=str(persona.persona_id), created=created, name=persona.name)


class OpenAIModelsDocument(BaseModel):
    """The personas of a workspace."""

    object: Literal["list"] = "list"
    data: list[OpenAIModelDocument]


def usage_of(written: Written) -> dict[str, int]:
    """Return what an answer cost."""
    asked, answered = written.usage.input_tokens or 0, written.usage.output_tokens or 0
    return {
        "prompt_tokens": asked,
        "completion_tokens": answered,
        "total_tokens": asked + answered,
    }


def sources_of(citations: tuple[CitedPassage, ...]) -> str:
    """Return the list of sources that stands below an answer; many programs show no annotations."""
    lines = [f"[{each.number}] {each}" for each in citations]
    return "\n\nSources:\n" + "\n".join(lines) if lines else ""


def annotations_of(citations: tuple[CitedPassage, ...]) -> Iterator[dict[str, object]]:
    """Yield the passages that an answer names."""
    for each in citations:
        cited = {"file_id": each.file_id, "filename": each.source, "page": each.page}
        yield {"type": "file_citation", "file_citation": {**cited, "quote": each.text}}
