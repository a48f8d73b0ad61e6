"""Let agents follow their personas."""

from collections.abc import Sequence
from typing import TypeVar

from persona_client import Roster, RosterNotReadyError
from persona_contracts import (
    PersonaCreatedV1,
    PersonaDeletedV1,
    PersonaUndeletedV1,
    PersonaUpdatedV1,
    Received,
)
from service_kit.store import Session

from voice_svc.adapters import agents

PersonaEvent = PersonaCreatedV1 | PersonaUpdatedV1 | PersonaUndeletedV1 | PersonaDeletedV1
PersonaEventT = TypeVar("PersonaEventT", bound=PersonaEvent)


async def follow_personas(
    session: Session,
    changes: Sequence[Received[PersonaEventT]],
    roster: Roster,
    settle_seconds: float,
) -> None:
    """Queue the agents of these personas, and of those that inherit from them.

    Nothing is taken from the events but what they are about: what an agent should be is read when
    it is worked on, so late and repeated events do no harm.
    """
    asked = [_asked(item.event, item.traceparent) for item in changes]
    for item in changes:
        if isinstance(item.event, PersonaUpdatedV1):
            asked += await _heirs(session, item.event, item.traceparent, roster)
    await agents.follow(session, asked, settle_seconds)


def _asked(event: PersonaEvent, traceparent: str | None) -> agents.Followed:
    if isinstance(event, PersonaDeletedV1):
        return (event.workspace_id, event.persona_id, event.revision, False, traceparent)
    voice = event.persona.voice
    enabled = voice is not None and voice.enabled
    return (event.workspace_id, event.persona.persona_id, event.revision, enabled, traceparent)


async def _heirs(
    session: Session, event: PersonaUpdatedV1, traceparent: str | None, roster: Roster
) -> list[agents.Followed]:
    """Return the agents of personas that inherit from a persona: no event tells of them."""
    found = list[agents.Followed]()
    for agent in await agents.of_workspace(session, event.workspace_id):
        try:
            heir = roster.persona(event.workspace_id, agent.persona_id)
        except RosterNotReadyError:  # all are looked at soon
            return []
        if heir is not None and event.persona.persona_id in heir.lineage:
            found.append((event.workspace_id, agent.persona_id, event.revision, False, traceparent))
    return found
