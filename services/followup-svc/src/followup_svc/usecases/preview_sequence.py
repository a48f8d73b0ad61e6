"""Show what a sequence would send one lead, when and in whose voice; nothing is stored."""

from dataclasses import dataclass
from datetime import datetime

from persona_client import Resolution
from service_kit.personas import resolve_persona
from service_kit.store import Session, database_now

from followup_svc.adapters import campaigns, followup_settings, leads
from followup_svc.domain.campaign import Campaign, CampaignKey
from followup_svc.domain.lead import UNKNOWN_LEAD, LeadKey
from followup_svc.domain.message import Blocked, Message, compose
from followup_svc.domain.sequence import Sequence, Step
from followup_svc.usecases.make_calendar import make_calendar
from followup_svc.usecases.make_facts import make_facts
from followup_svc.usecases.ports import Personas
from followup_svc.usecases.start_instances import LeadToStart


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedStep:
    """One step as it would go out if the one before were sent the moment it is due."""

    step: Step
    due_at: datetime
    resolution: Resolution
    warnings: tuple[str, ...]
    outcome: Message | Blocked


async def preview_sequence(
    session: Session, personas: Personas, sequence: Sequence, chosen: LeadToStart
) -> list[PreviewedStep]:
    """Return every step for a lead: its known fields, and over them those that are given.

    Raises:
        PersonasNotReadyError: try again later.
    """
    workspace_id, definition = sequence.workspace_id, sequence.definition
    key = LeadKey(workspace_id, chosen.lead_id)
    known = (await leads.get_all(session, [key])).get(key, UNKNOWN_LEAD)
    profile = {**known.profile, **chosen.lead.model_dump(mode="json", exclude_unset=True)}
    campaign_id = chosen.campaign_id or known.campaign_id
    settings = await followup_settings.get(session, workspace_id)
    campaign = await _campaign(session, workspace_id, campaign_id)
    calendar = make_calendar(definition, settings, profile)
    due_at = await database_now(session)
    previewed: list[PreviewedStep] = []
    for step in definition.steps:
        due_at = calendar.due(step.delay, due_at)
        resolution = resolve_persona(
            personas,
            workspace_id,
            campaign_id=campaign_id,
            sequence_persona_id=definition.ai_persona_id,
            channel=step.channel,
        )
        facts = make_facts(profile, campaign, settings, resolution)
        outcome = compose(step, facts, known.last_email)
        previewed.append(
            PreviewedStep(
                step=step,
                due_at=due_at,
                resolution=resolution,
                warnings=(calendar.warning,) if calendar.warning else (),
                outcome=outcome,
            )
        )
    return previewed


async def _campaign(
    session: Session, workspace_id: str, campaign_id: str | None
) -> Campaign | None:
    if campaign_id is None:
        return None
    key = CampaignKey(workspace_id, campaign_id)
    return (await campaigns.get_all(session, [key])).get(key)
