"""Which revision of a persona an agent ran, from when on: who spoke in a call that began then."""

from datetime import datetime, timedelta
from uuid import UUID

from service_kit.store import Session
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from voice_svc.adapters.tables import AgentRevisionRow
from voice_svc.domain.call import Speaker

START_ROUNDING = timedelta(seconds=1)
"""The provider tells the start of a call in whole seconds."""


async def record(
    session: Session, workspace_id: str, persona_id: UUID, agent_id: str, revision: int
) -> None:
    """Store that an agent runs `revision` from now on; one that it runs already changes nothing."""
    values = {
        "workspace_id": workspace_id,
        "persona_id": persona_id,
        "agent_id": agent_id,
        "revision": revision,
    }
    statement = insert(AgentRevisionRow).values(values)
    await session.execute(statement.on_conflict_do_nothing())


async def agents_of(session: Session, workspace_id: str) -> dict[str, UUID]:
    """Return every agent that ever spoke in a workspace, with its persona; as a worker."""
    rows = await session.execute(
        select(AgentRevisionRow.agent_id, AgentRevisionRow.persona_id)
        .where(AgentRevisionRow.workspace_id == workspace_id)
        .distinct()
    )
    return {row.agent_id: row.persona_id for row in rows}


async def find(session: Session, agent_id: str, at: datetime) -> Speaker | None:
    """Return who spoke in a call of `agent_id` that began at `at`; None: it is no agent of ours."""
    own = select(AgentRevisionRow).where(AgentRevisionRow.agent_id == agent_id)
    since = AgentRevisionRow.since
    before = own.where(since <= at + START_ROUNDING).order_by(since.desc()).limit(1)
    found = await session.scalar(before) or await session.scalar(own.order_by(since).limit(1))
    if found is None:
        return None
    return Speaker(
        workspace_id=found.workspace_id, persona_id=found.persona_id, revision=found.revision
    )
