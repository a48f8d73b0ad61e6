"""Bodies and answers of the API: tests of prompts."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from persona_contracts import Text, Usage
from pydantic import BaseModel, Field, StringConstraints
from service_kit.requests import StrictRequest

from chat_svc.domain.message import MAX_MESSAGE_CHARS
from chat_svc.domain.prompt_test import Drafts, PromptTest

MAX_PROMPT_CHARS = 24 * 1024
Prompt = Annotated[Text, StringConstraints(max_length=MAX_PROMPT_CHARS)]


class TestPromptsRequest(StrictRequest):
    """A question, and the texts to try; of those that are not given, the active ones."""

    message: Annotated[
        Text,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_MESSAGE_CHARS),
    ]
    system: Prompt | None = Field(default=None, description="In place of the persona's content.")
    rag: Prompt | None = None
    user: Prompt | None = None

    def drafts(self) -> Drafts:
        """Return the texts to try."""
        return Drafts(system=self.system, rag=self.rag, user=self.user)


class PromptTestDocument(BaseModel):
    """What one side of a test took."""

    test_id: UUID
    persona_id: UUID
    version: int
    side: Literal["active", "draft"]
    model: str
    usage: Usage
    took_ms: int
    created_at: datetime

    @classmethod
    def of(cls, test: PromptTest) -> Self:
        """Show a side."""
        return cls(
            test_id=test.test_id,
            persona_id=test.persona_id,
            version=test.version,
            side=test.side,
            model=test.model,
            usage=Usage(
                input_tokens=test.usage.input_tokens,
                output_tokens=test.usage.output_tokens,
                cost_microusd=test.usage.cost_microusd,
            ),
            took_ms=test.took_ms,
            created_at=test.created_at,
        )
