"""Which persona speaks: the ordered tiers, as pure functions over state documents."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal
from uuid import UUID

from persona_contracts import (
    ANY_CHANNEL,
    CampaignState,
    Channel,
    ModelPolicy,
    Reason,
    ResolvedPersona,
    Tier,
    WorkspaceState,
)

DEFAULT_LABEL: Final = "Default Persona"
"""The label of a persona made from settings; it is never shown to a lead as a name."""

SkipReason = Literal["DANGLING_REF", "INACTIVE"]
FieldSource = Literal["persona", "settings", "none"]

_REASONS: Final[dict[Tier, Reason]] = {
    "session": "SESSION",
    "sequence": "SEQUENCE",
    "campaign": "CAMPAIGN",
    "default": "DEFAULT",
    "settings": "SETTINGS",
    "none": "NONE",
}
_LEGACY_FIELDS: Final = {
    "sender_name": "ai_persona_name",
    "tone": "ai_tone",
    "greeting": "ai_greeting",
    "sms_greeting": "ai_sms_greeting",
    "signature": "ai_signature",
    "goals": "ai_goals",
    "service_description": "service_description",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceView:
    """What is known about one workspace: all that `resolve_in` reads."""

    workspace: WorkspaceState | None
    personas: Mapping[UUID, ResolvedPersona]
    campaigns: Mapping[str, CampaignState]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A persona that a tier named but that cannot speak."""

    tier: Tier
    persona_id: UUID
    reason: SkipReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The persona that speaks, and what it says of itself."""

    tier: Tier
    reason: Reason
    revision: int
    """Of the persona's document; tier settings: of the workspace's; tier none: 0."""
    persona: ResolvedPersona | None
    sender_name: str | None
    tone: str | None
    greeting: str | None
    sms_greeting: str | None
    signature: str | None
    goals: str | None
    service_description: str | None
    ideal_customer_profile: str | None
    qualification_questions: tuple[str, ...]
    models: ModelPolicy
    """Of the workspace."""
    skipped: tuple[Skipped, ...]
    field_sources: Mapping[str, FieldSource]
    """Where each of the seven fields from `sender_name` to `service_description` came from."""


def resolve_in(
    view: WorkspaceView,
    *,
    campaign_id: str | None = None,
    sequence_persona_id: UUID | None = None,
    session_persona_id: UUID | None = None,
    channel: Channel = Channel.EMAIL,
) -> Choice:
    """Return the first usable persona of the tiers session, sequence, campaign, default.

    Without one the legacy settings speak (tier `settings`), or nobody (tier `none`, all null).
    An id that is dangling or inactive is recorded in `skipped` and the walk goes on. Fields are
    never mixed between personas: an empty one falls to the legacy setting only.
    """
    skipped: list[Skipped] = []
    given: list[tuple[Tier, UUID | None]] = [
        ("session", session_persona_id),
        ("sequence", sequence_persona_id),
    ]
    for tier, persona_id in _named(view, given, campaign_id, channel):
        persona = view.personas.get(persona_id)
        if persona is None:
            skipped.append(Skipped(tier, persona_id, "DANGLING_REF"))
        elif not persona.is_active:
            skipped.append(Skipped(tier, persona_id, "INACTIVE"))
        else:
            return _choice(view.workspace, tier, persona, skipped)
    tier = "settings" if _has_settings(view.workspace) else "none"
    return _choice(view.workspace, tier, None, skipped)


def _named(
    view: WorkspaceView,
    given: Sequence[tuple[Tier, UUID | None]],
    campaign_id: str | None,
    channel: Channel,
) -> Iterator[tuple[Tier, UUID]]:
    """Yield the personas that the tiers name, best first."""
    for tier, persona_id in given:
        if persona_id is not None:
            yield tier, persona_id
    campaign = None if campaign_id is None else view.campaigns.get(campaign_id)
    assigned = None if campaign is None else _assigned(campaign, channel)
    if assigned is not None:
        yield "campaign", assigned
    default = None if view.workspace is None else view.workspace.default_persona_id
    if default is not None:
        yield "default", default


def _assigned(campaign: CampaignState, channel: Channel) -> UUID | None:
    return campaign.assignments.get(channel) or campaign.assignments.get(ANY_CHANNEL)


def _choice(
    workspace: WorkspaceState | None,
    tier: Tier,
    persona: ResolvedPersona | None,
    skipped: Sequence[Skipped],
) -> Choice:
    values: dict[str, str | None] = {}
    sources: dict[str, FieldSource] = {}
    for field in _LEGACY_FIELDS:
        values[field], sources[field] = _value(field, persona, workspace)
    return Choice(
        tier=tier,
        reason=_REASONS[tier],
        revision=_revision(tier, persona, workspace),
        persona=persona,
        ideal_customer_profile=_filled(workspace and workspace.ideal_customer_profile),
        qualification_questions=tuple(workspace.qualification_questions if workspace else ()),
        models=workspace.models if workspace else ModelPolicy(),
        skipped=tuple(skipped),
        field_sources=MappingProxyType(sources),
        **values,
    )


def _value(
    field: str, persona: ResolvedPersona | None, workspace: WorkspaceState | None
) -> tuple[str | None, FieldSource]:
    own = None if persona is None else _own_value(persona, field)
    if own is not None:
        return own, "persona"
    legacy = _setting(workspace, _LEGACY_FIELDS[field])
    return legacy, "none" if legacy is None else "settings"


def _own_value(persona: ResolvedPersona, field: str) -> str | None:
    if field != "sender_name":
        return _filled(getattr(persona, field))
    label = None if persona.name == DEFAULT_LABEL else _filled(persona.name)
    return _filled(persona.persona_name) or label


def _revision(tier: Tier, persona: ResolvedPersona | None, workspace: WorkspaceState | None) -> int:
    if persona is not None:
        return persona.revision
    return workspace.revision if workspace is not None and tier == "settings" else 0


def _has_settings(workspace: WorkspaceState | None) -> bool:
    return any(_setting(workspace, legacy) is not None for legacy in _LEGACY_FIELDS.values())


def _setting(workspace: WorkspaceState | None, legacy: str) -> str | None:
    return None if workspace is None else _filled(getattr(workspace, legacy))


def _filled(text: str | None) -> str | None:
    """Return `text` as it is, or None if it is blank."""
    return text if text and not text.isspace() else None
