"""Find the personas whose calls are not shown."""

from collections.abc import Set
from uuid import UUID

from persona_client import Roster, RosterNotReadyError
from service_kit.personas import PersonasNotReadyError
from service_kit.store import Session

from voice_svc.adapters import agents


async def find_hidden(session: Session, roster: Roster, workspace_id: str) -> Set[UUID]:
    """Return those that spoke and are deleted: until they are erased they may come back.

    Raises:
        PersonasNotReadyError: it is not known yet which personas there are.
    """
    spoke = [agent.persona_id for agent in await agents.of_workspace(session, workspace_id)]
    try:
        return {who for who in spoke if roster.persona(workspace_id, who) is None}
    except RosterNotReadyError as error:
        raise PersonasNotReadyError(str(error)) from error
