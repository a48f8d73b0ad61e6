"""Resolve the persona that answers a reply."""

from persona_client import Resolution, RosterNotReadyError
from persona_contracts import Channel
from service_kit.personas import PersonasNotReadyError

from draft_svc.usecases.ports import Personas


def resolve_persona(
    personas: Personas, workspace_id: str, *, campaign_id: str | None, channel: Channel
) -> Resolution:
    """Return who speaks, by the tiers of domain.md §3.

    Raises:
        PersonasNotReadyError: the personas have not been read yet.
    """
    try:
        return personas.resolve(workspace_id, campaign_id=campaign_id, channel=channel)
    except RosterNotReadyError as error:
        raise PersonasNotReadyError(str(error)) from error
