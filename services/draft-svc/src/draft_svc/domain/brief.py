"""All that a writer is told, and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from persona_contracts.types import Channel
from persona_model.knowledge import PassageText
from persona_model.usage import TokenUsage
from persona_model.voice import Voice
from service_kit.templates import LEAD_PREFIX


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
class Written:
    """A model's answer; `cited` are numbers of the brief's passages, from 1.

    Where the voice cites its sources, `[1]` in the body is the first of `cited`.
    """

    body: str
    model: str
    usage: TokenUsage
    cited: tuple[int, ...]
    dropped_citations: int = 0
