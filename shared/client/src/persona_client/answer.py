"""What `Roster.resolve` returns: a remembered choice, and how fresh it is now."""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from persona_contracts import ModelPolicy, Reason, ResolvedPersona, Tier

from persona_client.resolution import Choice, FieldSource, Skipped


class Freshness(StrEnum):
    """How much a Roster's answers can be trusted to be the newest."""

    READY = "READY"
    """The broker confirmed within 15 seconds that nothing is missing."""
    STALE = "STALE"
    """The last known answers are served; newer ones may exist."""
    NOT_READY = "NOT_READY"
    """Never complete so far: `resolve` raises RosterNotReadyError."""


class Resolution:
    """Who speaks and why (tier, reason, skipped, field_sources), what it says, and how fresh it is.

    Read-only. Text fields are null when neither the persona nor the legacy settings have them.
    """

    __slots__ = ("_age_seconds", "_choice", "_freshness")

    def __init__(self, choice: Choice, age_seconds: float, freshness: Freshness) -> None:
        self._choice = choice
        self._age_seconds = age_seconds
        self._freshness = freshness

    @property
    def tier(self) -> Tier:
        """Which tier chose."""
        return self._choice.tier

    @property
    def reason(self) -> Reason:
        """The tier as a code."""
        return self._choice.reason

    @property
    def persona(self) -> ResolvedPersona | None:
        """The whole document of the persona; null for the tiers settings and none."""
        return self._choice.persona

    @property
    def persona_id(self) -> UUID | None:
        """The persona, if one was chosen."""
        return None if self._choice.persona is None else self._choice.persona.persona_id

    @property
    def version(self) -> int | None:
        """The persona's version, if one was chosen."""
        return None if self._choice.persona is None else self._choice.persona.version

    @property
    def revision(self) -> int:
        """The revision of the document that speaks; 0 for the tier none."""
        return self._choice.revision

    @property
    def sender_name(self) -> str | None:
        """How the AI signs: persona_name, else the label, else the legacy ai_persona_name."""
        return self._choice.sender_name

    @property
    def tone(self) -> str | None:
        """How it sounds."""
        return self._choice.tone

    @property
    def greeting(self) -> str | None:
        """How an e-mail begins."""
        return self._choice.greeting

    @property
    def sms_greeting(self) -> str | None:
        """How an SMS begins."""
        return self._choice.sms_greeting

    @property
    def signature(self) -> str | None:
        """The signature, verbatim; code appends it, never a language model."""
        return self._choice.signature

    @property
    def goals(self) -> str | None:
        """What it works towards."""
        return self._choice.goals

    @property
    def service_description(self) -> str | None:
        """What the company offers."""
        return self._choice.service_description

    @property
    def ideal_customer_profile(self) -> str | None:
        """Whom the workspace looks for."""
        return self._choice.ideal_customer_profile

    @property
    def qualification_questions(self) -> tuple[str, ...]:
        """What the workspace wants to learn from a lead."""
        return self._choice.qualification_questions

    @property
    def models(self) -> ModelPolicy:
        """Which language models the workspace uses."""
        return self._choice.models

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Personas that were named by a tier but are dangling or inactive, best tier first."""
        return self._choice.skipped

    @property
    def field_sources(self) -> Mapping[str, FieldSource]:
        """Where each of the seven text fields came from, `sender_name` to `service_description`."""
        return self._choice.field_sources

    @property
    def age_seconds(self) -> float:
        """Seconds since the Roster was last confirmed complete, when this was resolved."""
        return self._age_seconds

    @property
    def freshness(self) -> Freshness:
        """READY or STALE, when this was resolved."""
        return self._freshness

    def as_dict(self) -> dict[str, object]:
        """Return who speaks and why, ready for JSON; the persona's texts are left out."""
        return {
            "tier": self.tier,
            "reason": self.reason,
            "persona_id": None if self.persona_id is None else str(self.persona_id),
            "version": self.version,
            "revision": self.revision,
            "sender_name": self.sender_name,
            "skipped": [
                {"tier": item.tier, "persona_id": str(item.persona_id), "reason": item.reason}
                for item in self.skipped
            ],
            "field_sources": dict(self.field_sources),
            "age_seconds": round(self.age_seconds, 3),
            "freshness": self.freshness.value,
        }

    def __repr__(self) -> str:
        return (
            f"Resolution(tier={self.tier!r}, persona_id={self.persona_id},"
            f" revision={self.revision}, freshness={self.freshness.value})"
        )
