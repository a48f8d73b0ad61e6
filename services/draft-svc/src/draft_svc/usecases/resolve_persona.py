"""Which persona answers a reply, and what it sounds like."""

from persona_client import Resolution, Roster, RosterNotReadyError
from persona_contracts import Channel
from service_kit.personas import PersonasNotReadyError

from draft_svc.domain.brief import Voice


def resolve_persona(
    roster: Roster, workspace_id: str, *, campaign_id: str | None, channel: Channel
) -> Resolution:
    """Return who speaks, by the tiers of domain.md §3.

    Raises:
        PersonasNotReadyError: the personas have not been read yet.
    """
    try:
        return roster.resolve(workspace_id, campaign_id=campaign_id, channel=channel)
    except RosterNotReadyError as error:
        raise PersonasNotReadyError(str(error)) from error


def voice_of(resolution: Resolution) -> Voice:
    """Return all that a draft takes from the persona and the workspace's settings."""
    persona = resolution.persona
    return Voice(
        sender_name=resolution.sender_name,
        tone=resolution.tone,
        greeting=resolution.greeting,
        sms_greeting=resolution.sms_greeting,
        signature=resolution.signature,
        goals=resolution.goals,
        service_description=resolution.service_description,
        instructions=persona.prompts.system if persona else "",
        language=persona.language if persona else None,
        cite_sources=persona.cite_sources if persona else False,
        model=persona.model.name if persona else None,
        temperature=persona.model.temperature if persona else None,
        max_tokens=persona.model.max_tokens if persona else None,
        ideal_customer_profile=resolution.ideal_customer_profile,
        qualification_questions=resolution.qualification_questions,
    )
