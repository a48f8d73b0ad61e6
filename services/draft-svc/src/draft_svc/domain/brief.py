"""All that a writer is told, what it gives back, and how it refuses."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from hashlib import blake2b
from typing import Literal

from persona_contracts.types import Channel
from persona_prompts import RAG_PROMPT, USER_PROMPT
from service_kit.errors import InvalidError, UpstreamError
from service_kit.templates import LEAD_PREFIX

from draft_svc.domain.knowledge import PassageText

MAX_KNOWN_VOICES = 64
"""Whose digests are remembered: with some 90 KB of text each, at most 6 MB."""


class ModelRefusedError(InvalidError):
    """The language model refused the request."""

    slug = "model-refused"


class NothingWrittenError(UpstreamError):
    """The model's answer says nothing."""

    slug = "model-answer-empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How to speak: the resolved persona. `instructions` is its compiled system prompt, or ""."""

    sender_name: str | None = None
    tone: str | None = None
    greeting: str | None = None
    sms_greeting: str | None = None
    signature: str | None = None
    goals: str | None = None
    service_description: str | None = None
    instructions: str = ""
    rag_prompt: str = RAG_PROMPT
    """A template of `persona_prompts`, as `user_prompt`."""
    user_prompt: str = USER_PROMPT
    language: str | None = None
    cite_sources: bool = False
    """Whether the body refers to its sources as `[1]`."""
    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    ideal_customer_profile: str | None = None
    qualification_questions: tuple[str, ...] = ()

    def digest(self) -> str:
        """Return a short text that changes with any field.

        It is stored with drafts. Fields at their default do not count, so that a new field leaves
        the digest of a voice that does not use it.
        """
        return _digest(self)


@lru_cache(maxsize=MAX_KNOWN_VOICES)
def _digest(voice: Voice) -> str:
    values = {field.name: getattr(voice, field.name) for field in fields(Voice)}
    used = {
        field.name: values[field.name]
        for field in fields(Voice)
        if values[field.name] != field.default
    }
    return blake2b(json.dumps(used, sort_keys=True).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadTurn:
    """An earlier message."""

    author: Literal["lead", "us"]
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """One reply to answer: `lead` as far as known, turns oldest first, passages best first."""

    voice: Voice
    channel: Channel
    reply_text: str
    reply_subject: str | None = None
    lead: Mapping[str, str]
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of the lead, as the CRM names them: for the greeting alone."""
    thread: tuple[ThreadTurn, ...] = ()
    passages: tuple[PassageText, ...] = ()

    def greeted(self) -> Mapping[str, str]:
        """Return what the greeting may name: `first_name`, and attributes as `lead.plan`."""
        attributes = {f"{LEAD_PREFIX}{name}": value for name, value in self.attributes.items()}
        return {**self.lead, **attributes}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """What calls cost; `cost_microusd` is None if any part of it is unknown."""

    input_tokens: int
    output_tokens: int
    cost_microusd: int | None

    def __add__(self, other: "TokenUsage") -> "TokenUsage":
        """Return the sum."""
        costs = self.cost_microusd, other.cost_microusd
        return TokenUsage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_microusd=None if None in costs else sum(cost or 0 for cost in costs),
        )


NO_USAGE = TokenUsage(input_tokens=0, output_tokens=0, cost_microusd=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A model's answer; `cited` are numbers of the brief's passages, from 1.

    Where the voice cites its sources, `[1]` in the body is the first of `cited`.
    """

    body: str
    model: str
    usage: TokenUsage
    cited: tuple[int, ...]
    dropped_citations: int = 0
