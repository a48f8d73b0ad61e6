"""A gap in what a persona knows: a question that no passage answers."""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal
from uuid import UUID

from persona_model.knowledge import KnowledgeStatus
from persona_model.sentences import QUESTION_MARKS
from service_kit.errors import ConflictError, NotFoundError

MAX_QUESTION_CHARS: Final = 1_000
MAX_ANSWER_CHARS: Final = 12_000
Origin = Literal["chat", "draft"]

_NO_WORD = re.compile(r"\W+")


class GapNotFoundError(NotFoundError):
    """There is no such gap."""

    slug = "gap-not-found"


class GapAnsweredError(ConflictError):
    """Somebody has answered the question already."""

    slug = "gap-answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """That a question was asked, and no passage answers it.

    `source_id` is the answer or the draft; `owner_id`, the conversation or the lead, is kept so
    that the question goes when that is erased, and is never shown.
    """

    workspace_id: str
    persona_id: UUID
    revision: int
    question: str
    origin: Origin
    source_id: str
    owner_id: str
    asked_at: datetime

    @property
    def key(self) -> str:
        """What equal questions have in common, whatever their case and punctuation."""
        folded = unicodedata.normalize("NFKC", self.question).casefold()
        return sha256(_NO_WORD.sub(" ", folded).strip().encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A question to a persona; `revision` is the persona's when it was asked first."""

    gap_id: UUID
    workspace_id: str
    persona_id: UUID
    question: str
    revision: int
    created_at: datetime
    answered_at: datetime | None = None
    answered_by: str | None = None

    def answer(self, *, by: str, at: datetime) -> "Gap":
        """Return it answered.

        Raises:
            GapAnsweredError: it is already.
        """
        if self.answered_at is not None:
            raise GapAnsweredError(f"gap {self.gap_id} was answered at {self.answered_at}")
        return replace(self, answered_at=at, answered_by=by)

    def ask_again(self, unanswered: Unanswered) -> "Gap":
        """Return it open, if it was asked after somebody answered it."""
        if self.answered_at is None or unanswered.asked_at <= self.answered_at:
            return self
        return replace(self, answered_at=None, answered_by=None, revision=unanswered.revision)


def is_unanswered(message: str, knowledge: KnowledgeStatus, *, cites: bool) -> bool:
    """Return whether a persona's documents leave a message without an answer.

    That is if no passage was found; or if some were, but the answer to a question names none.
    """
    asks = any(mark in message for mark in QUESTION_MARKS)
    return knowledge == "none" or (knowledge == "used" and asks and not cites)


def question_of(message: str) -> str:
    """Return a message as a question of a list: one line, up to MAX_QUESTION_CHARS."""
    return " ".join(message.split())[:MAX_QUESTION_CHARS]
