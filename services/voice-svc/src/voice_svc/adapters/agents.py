"""The queries of agents: rows become aggregates here and never leave."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

from service_kit.leases import Change, Leases
from service_kit.notices import Waiting, waiting
from service_kit.store import Session, any_of, database_now
from sqlalchemy import JSON, String, bindparam, func, select, text, update

from voice_svc.adapters.tables import AgentRow
from voice_svc.domain.agent import Agent, AgentError, AgentState

Followed = tuple[str, UUID, int, bool, str | None]
"""Workspace, persona, revision, whether it shall have an agent, and the trace of the change."""
MAX_SETTLE_TIMES = 10
"""However many edits follow each other: after so many times the wait they go out."""


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
        voice_id=row.voice_id,
        replaced_voice_id=row.replaced_voice_id,
        checked_at=row.checked_at,
        changed_at=row.changed_at,
        attempts=row.attempts,
        due_at=row.due_at,
    )


LEASES = Leases(AgentRow, _agent)
_FOLLOW = text(
    """
    with asked as (
      select persona_id, workspace_id, max(revision) as revision, bool_or(enabled) as enabled,
        (array_agg(traceparent order by revision desc))[1] as traceparent
      from json_to_recordset(:rows)
        as new(persona_id uuid, workspace_id text, revision bigint, enabled bool,
          traceparent text)
      group by persona_id, workspace_id
    ), made as (
      insert into agent (persona_id, workspace_id, state, wanted_revision, changed_at, due_at,
        traceparent)
      select persona_id, workspace_id, 'creating', revision, now(),
        now() + make_interval(secs => :settle), traceparent
      from asked where enabled order by persona_id
      on conflict (persona_id) do nothing returning persona_id
    ), held as (
      select agent.persona_id from agent join asked using (persona_id, workspace_id)
      order by persona_id for update of agent
    )
    update agent set
      wanted_revision = greatest(agent.wanted_revision, asked.revision),
      changed_at = coalesce(agent.changed_at, now()),
      traceparent = asked.traceparent,
      state = case when asked.enabled and agent.state = 'not_configured' then 'creating'
        else agent.state end,
      due_at = case when agent.lease_token is null
        then least(now() + make_interval(secs => :settle),
          coalesce(agent.changed_at, now()) + make_interval(secs => :settle * :times))
        else agent.due_at end
    from asked join held using (persona_id)
    where agent.persona_id = asked.persona_id
    """
).bindparams(bindparam("rows", type_=JSON))


async def find(session: Session, persona_id: UUID) -> Agent | None:
    """Return the agent of a persona; None if it has none."""
    row = await session.get(AgentRow, persona_id)
    return None if row is None else _agent(row)


async def has_secret(session: Session, secret_sha256: bytes) -> bool:
    """Return whether any agent's tool has the secret of this hash."""
    query = select(AgentRow.persona_id).where(AgentRow.tool_secret_sha256 == secret_sha256)
    return await session.scalar(query.limit(1)) is not None


async def get(session: Session, persona_id: UUID) -> Agent:
    """Return the agent of a persona that has one."""
    return _agent(await session.get_one(AgentRow, persona_id))


async def find_all(session: Session, persona_ids: Collection[UUID]) -> dict[UUID, Agent]:
    """Return the agents of these personas, by persona."""
    rows = await session.scalars(select(AgentRow).where(any_of(AgentRow.persona_id, persona_ids)))
    return {row.persona_id: _agent(row) for row in rows}


async def page(session: Session, after: UUID | None, limit: int) -> list[Agent]:
    """Return up to `limit` agents of the session's workspace, by persona."""
    query = select(AgentRow).where(AgentRow.persona_id > (after or UUID(int=0)))
    rows = await session.scalars(query.order_by(AgentRow.persona_id).limit(limit))
    return [_agent(row) for row in rows]


async def failed(session: Session) -> list[Waiting]:
    """Return how many agents of the workspace need somebody, by their state."""
    return await waiting(
        session,
        AgentRow.state.in_([AgentState.FAILED, AgentState.QUOTA, AgentState.DRIFTED]),
        since=AgentRow.checked_at.expression,
        reason=AgentRow.state.expression,
        example=AgentRow.error.op("->>", return_type=String())("detail"),
    )


async def count_by_voice(session: Session, workspace_id: str) -> dict[str, int]:
    """Return how many agents of a workspace speak with each voice."""
    found = await session.execute(
        select(AgentRow.voice_id, func.count())
        .where(AgentRow.workspace_id == workspace_id, AgentRow.voice_id.is_not(None))
        .group_by(AgentRow.voice_id)
    )
    return {voice_id: count for voice_id, count in found if voice_id is not None}


async def of_workspace(session: Session, workspace_id: str) -> list[Agent]:
    """Return every agent of a workspace."""
    rows = await session.scalars(
        select(AgentRow).where(AgentRow.workspace_id == workspace_id).order_by(AgentRow.persona_id)
    )
    return [_agent(row) for row in rows]


async def follow(session: Session, changes: Sequence[Followed], settle_seconds: float) -> None:
    """Let agents be brought into step with their personas, once further edits have come too.

    Args:
        session: of a worker.
        changes: a persona that shall not have an agent, and has none, is left out.
        settle_seconds: the wait for further edits.
    """
    if not changes:
        return
    names = ("workspace_id", "persona_id", "revision", "enabled", "traceparent")
    rows = [
        {**dict(zip(names, change, strict=True)), "persona_id": str(change[1])}
        for change in changes
    ]
    values = {"rows": rows, "settle": settle_seconds, "times": MAX_SETTLE_TIMES}
    await session.execute(_FOLLOW, values)
    await LEASES.wake_workers(session)


async def request(
    session: Session, persona_ids: Collection[UUID], state: AgentState | None
) -> list[UUID]:
    """Let agents be worked on now, from `state` on; return those that nobody works on just now."""
    free = await session.scalars(
        select(AgentRow)
        .where(any_of(AgentRow.persona_id, persona_ids), AgentRow.lease_token.is_(None))
        .order_by(AgentRow.persona_id)
        .with_for_update()
    )
    taken, now = list[UUID](), await database_now(session)
    for row in free:
        row.due_at = now
        if state is not None:
            row.state = state
        taken.append(row.persona_id)
    await session.flush()
    await LEASES.wake_workers(session)
    return taken


async def show_removal(session: Session, persona_ids: Collection[UUID], why: AgentError) -> None:
    """Show why agents are not removed yet, in a worker's transaction."""
    await session.execute(
        update(AgentRow)
        .where(any_of(AgentRow.persona_id, persona_ids))
        .values(state=AgentState.DELETING, error=asdict(why))
    )


def saver(agent: Agent) -> Change:
    """Return how to store a part of the work on an agent."""

    async def save(session: Session) -> None:
        await _save(session, agent)

    return save


async def finish(
    session: Session,
    agent: Agent,
    claimed: Agent,
    *,
    next_seconds: float | None,
    settle_seconds: float,
    is_in_doubt: bool = False,
) -> None:
    """Store the end of the work on an agent, in the transaction that ends its lease.

    Args:
        session: of a worker.
        agent: as it is now.
        claimed: as it was when the work began; a change may have come since.
        next_seconds: when to look at it again; None: when its persona changes.
        settle_seconds: the wait for further edits.
        is_in_doubt: something may have been made whose id is not known.
    """
    row = await _save(session, agent)
    row.attempts, row.deaths = int(is_in_doubt), 0
    is_changed = row.wanted_revision > claimed.wanted_revision
    row.changed_at = await database_now(session) if is_changed else None
    if not is_changed:
        row.traceparent = None  # what comes next was not asked for by that event
    seconds = settle_seconds if is_changed else next_seconds
    if seconds is not None:
        row.due_at = await database_now(session) + timedelta(seconds=seconds)


async def _save(session: Session, agent: Agent) -> AgentRow:
    row = await session.get_one(AgentRow, agent.persona_id)
    row.state = agent.state
    row.error = asdict(agent.error) if agent.error else None
    row.drift = list(agent.drift)
    row.secret_id, row.tool_id, row.agent_id = agent.secret_id, agent.tool_id, agent.agent_id
    row.tool_secret_sha256 = agent.tool_secret_sha256
    row.wanted_hash, row.observed_hash = agent.wanted_hash, agent.observed_hash
    row.template_version = agent.template_version
    row.revision, row.running_since = agent.revision, agent.running_since
    row.voice_id, row.replaced_voice_id = agent.voice_id, agent.replaced_voice_id
    row.checked_at = agent.checked_at
    return row
