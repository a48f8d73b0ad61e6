"""The answer to who speaks, and why."""

from typing import Any, Final, Literal, Self
from uuid import UUID

from persona_client import Choice
from persona_contracts import Tier
from pydantic import BaseModel, Field

TIERS: Final = ("sequence", "campaign", "default", "settings", "none")


class ResolutionDocument(BaseModel):
    """Which persona would speak, and why."""

    tier: Tier
    reason: str
    persona_id: UUID | None
    version: int | None
    revision: int
    sender_name: str | None
    skipped: list[dict[str, Any]]
    field_sources: dict[str, Literal["persona", "settings", "none"]]
    values: dict[str, str | None] | None = Field(
        default=None, description="The texts that would be used; with `explain=true` only."
    )
    considered: list[dict[str, Any]] | None = Field(
        default=None,
        description="Every tier in order, and what became of it; with `explain=true` only.",
    )

    @classmethod
    def of(cls, choice: Choice, *, explain: bool) -> Self:
        """Return the document of a choice, with the texts and all tiers if `explain`."""
        document = cls(
            tier=choice.tier,
            reason=choice.reason,
            persona_id=choice.persona.persona_id if choice.persona else None,
            version=choice.persona.version if choice.persona else None,
            revision=choice.revision,
            sender_name=choice.sender_name,
            skipped=[
                {"tier": item.tier, "persona_id": str(item.persona_id), "reason": item.reason}
                for item in choice.skipped
            ],
            field_sources=dict(choice.field_sources),
        )
        if explain:
            document.values = {name: getattr(choice, name) for name in choice.field_sources}
            document.considered = document._considered()
        return document

    def _considered(self) -> list[dict[str, Any]]:
        """Return each tier down to the one that chose, with what became of it."""
        skipped = {item["tier"]: item for item in self.skipped}
        considered: list[dict[str, Any]] = []
        for tier in TIERS[: TIERS.index(self.tier)]:
            found = skipped.get(tier)
            outcome = found["reason"] if found else "NOT_SET"
            persona_id = found["persona_id"] if found else None
            considered.append({"tier": tier, "outcome": outcome, "persona_id": persona_id})
        chosen = str(self.persona_id) if self.persona_id else None
        return [*considered, {"tier": self.tier, "outcome": "CHOSEN", "persona_id": chosen}]
