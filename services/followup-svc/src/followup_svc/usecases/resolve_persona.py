"""Resolve the persona that speaks to a lead."""

from uuid import UUID

from persona_client import Resolution, RosterNotReadyError
from persona_contracts import Channel
from service_kit.personas import PersonasNotReadyError

from followup_svc.usecases.ports import Personas


def resolve_persona(
    personas: Personas,
    workspace_id: str,
    *,
    campaign_id: str | None,
    sequence_persona_id: UUID | None,
    channel: Channel,
) -> Resolution:
    """Return who speaks, by the tiers of domain.md §3 (A42).

    Raises:
        PersonasNotReadyError: the personas have not been read yet.
    """
    try:
        return personas.resolve(
            workspace_id,
            campaign_id=campaign_id,
            sequence_persona_id=sequence_persona_id,
            channel=channel,
        )
    except RosterNotReadyError as error:
        raise PersonasNotReadyError(str(error)) from error
