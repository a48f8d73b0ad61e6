"""Bodies and answers of the API: questions that no passage answers."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from persona_contracts import Text
from pydantic import BaseModel, Field, StringConstraints
from service_kit.requests import StrictRequest

from chat_svc.adapters.gaps import GapView
from chat_svc.domain.gap import MAX_ANSWER_CHARS, MAX_QUESTION_CHARS

Answer = Annotated[
    Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_ANSWER_CHARS)
]
Question = Annotated[
    Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION_CHARS)
]


class GapDocument(BaseModel):
    """A question to a persona that no passage answers; never who asked it."""

    gap_id: UUID
    persona_id: UUID
    question: str
    asked: int = Field(description="How often, in conversations and by leads.")
    created_at: datetime
    last_asked_at: datetime
    answered_at: datetime | None
    answered_by: str | None

    @classmethod
    def of(cls, view: GapView) -> Self:
        """Show a gap."""
        gap = view.gap
        return cls(
            gap_id=gap.gap_id,
            persona_id=gap.persona_id,
            question=gap.question,
            asked=view.asked,
            created_at=gap.created_at,
            last_asked_at=view.last_asked_at,
            answered_at=gap.answered_at,
            answered_by=gap.answered_by,
        )


class AnswerGapRequest(StrictRequest):
    """What the persona is to know."""

    answer: Answer
    question: Question | None = Field(
        default=None, description="In other words than those that were asked."
    )
