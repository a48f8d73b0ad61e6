"""How the resolved persona speaks."""

import json
from dataclasses import dataclass, fields
from functools import lru_cache
from hashlib import blake2b

from persona_prompts import RAG_PROMPT, USER_PROMPT

MAX_KNOWN_VOICES = 64
"""Whose digests are remembered: with some 90 KB of text each, at most 6 MB."""


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
    strategy_model: str | None = None
    """Where the strategy of a draft is made by another one."""
    plans: bool = True
    """Whether a draft of an e-mail has a strategy."""
    temperature: float | None = None
    max_tokens: int | None = None
    ideal_customer_profile: str | None = None
    qualification_questions: tuple[str, ...] = ()

    def digest(self) -> str:
        """Return a short text that changes with any field.

        It is stored with what was written. Fields at their default do not count, so that a new
        field leaves the digest of a voice that does not use it.
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
