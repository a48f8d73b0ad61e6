"""Show what a sequence would send one lead, when and in whose voice; nothing is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from persona_client import Resolution, Roster
from service_kit.store import Session, database_now

from followup_svc.adapters import leads, workspaces
from followup_svc.adapters.leads import NOBODY
from followup_svc.adapters.workspaces import DEFAULTS, Campaign, FollowupSettings
from followup_svc.domain.message import Blocked, Message, compose
from followup_svc.domain.sequence import MAX_BODY_CHARS, Sequence, Step
from followup_svc.domain.template import TemplateError, render
from followup_svc.domain.tokens import Facts
from followup_svc.usecases.situation import calendar, facts, speaker_of
from followup_svc.usecases.start_instances import Starting

ANYBODY: Mapping[str, Any] = {
    "first_name": "?",
    "last_name": "?",
    "email": "?",
    "phone": "?",
    "company": "?",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedStep:
    """One step as it would go out if the one before were sent the moment it is due."""

    step: Step
    due_at: datetime
    speaker: Resolution
    outcome: Message | Blocked


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A token of a step that has no value for the workspace today."""

    field: str
    error: TemplateError


async def preview(
    session: Session, roster: Roster, workspace_id: str, sequence: Sequence, starting: Starting
) -> list[PreviewedStep]:
    """Return every step for a lead: its known fields, and over them those that are given.

    Raises:
        PersonasUnknownError: try again later.
    """
    key = (workspace_id, starting.lead_id)
    known = (await leads.get(session, [key])).get(key, NOBODY)
    profile = {**known.profile, **starting.lead.model_dump(mode="json", exclude_unset=True)}
    settings, campaign = await _surroundings(
        session, workspace_id, starting.campaign_id or known.campaign_id
    )
    when = calendar(sequence, settings, profile)
    due_at = await database_now(session)
    shown: list[PreviewedStep] = []
    for step in sequence.steps:
        due_at = when.due(step.delay, due_at)
        speaker = speaker_of(
            roster,
            workspace_id,
            campaign_id=starting.campaign_id or known.campaign_id,
            sequence_persona_id=sequence.ai_persona_id,
            channel=step.channel,
        )
        outcome = compose(step, facts(profile, campaign, settings, speaker), known.last_email)
        shown.append(PreviewedStep(step=step, due_at=due_at, speaker=speaker, outcome=outcome))
    return shown


async def warnings(
    session: Session, roster: Roster, workspace_id: str, sequence: Sequence
) -> list[Warned]:
    """Return the tokens of persona and workspace that have no value today.

    A campaign may have another persona, or a booking link of its own: these are warnings.

    Raises:
        PersonasUnknownError: try again later.
    """
    known = await _known_today(session, roster, workspace_id, sequence.ai_persona_id)
    return [
        Warned(field=field, error=error)
        for field, template in sequence.templates()
        for error in _setup_issues(template, known)
    ]


async def template_warnings(
    session: Session, roster: Roster, workspace_id: str, template: str, persona_id: UUID | None
) -> list[TemplateError]:
    """Return the same for one template.

    Raises:
        PersonasUnknownError: try again later.
    """
    return _setup_issues(template, await _known_today(session, roster, workspace_id, persona_id))


def _setup_issues(template: str, known: Facts) -> list[TemplateError]:
    rendered = render(template, known, max_chars=MAX_BODY_CHARS)
    return [error for error in rendered.template_errors if error.is_setup_issue]


async def _known_today(
    session: Session, roster: Roster, workspace_id: str, persona_id: UUID | None
) -> Facts:
    """Return what persona and workspace have for anybody, outside any campaign."""
    settings, _ = await _surroundings(session, workspace_id, None)
    speaker = speaker_of(
        roster,
        workspace_id,
        campaign_id=None,
        sequence_persona_id=persona_id,
        channel="email",
    )
    return facts(ANYBODY, None, settings, speaker)


async def _surroundings(
    session: Session, workspace_id: str, campaign_id: str | None
) -> tuple[FollowupSettings, Campaign | None]:
    settings = await workspaces.settings_of(session, [workspace_id])
    key = (workspace_id, campaign_id or "")
    found = await workspaces.campaigns(session, [key] if campaign_id else [])
    return settings.get(workspace_id, DEFAULTS), found.get(key)
