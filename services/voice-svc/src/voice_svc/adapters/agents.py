"""The queries of agents: rows become aggregates here and never leave."""

from uuid import UUID

from service_kit.leases import Leases
from service_kit.store import Session

from voice_svc.adapters.tables import AgentRow
from voice_svc.domain.agent import Agent, AgentError, AgentState


def _agent(row: AgentRow) -> Agent:
    return Agent(
        persona_id=row.persona_id,
        workspace_id=row.workspace_id,
        state=AgentState(row.state),
        error=AgentError(**row.error) if row.error else None,
        drift=tuple(row.drift),
        wanted_revision=row.wanted_revision,
        secret_id=row.secret_id,
        tool_id=row.tool_id,
        agent_id=row.agent_id,
        tool_secret_sha256=row.tool_secret_sha256,
        wanted_hash=row.wanted_hash,
        observed_hash=row.observed_hash,
        template_version=row.template_version,
        revision=row.revision,
        running_since=row.running_since,
        checked_at=row.checked_at,
        changed_at=row.changed_at,
        attempts=row.attempts,
        due_at=row.due_at,
    )


LEASES = Leases(AgentRow, _agent)


async def find(session: Session, persona_id: UUID) -> Agent | None:
    """Return the agent of a persona; None if it has none."""
    row = await session.get(AgentRow, persona_id)
    return None if row is None else _agent(row)
