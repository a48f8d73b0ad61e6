"""Gates that versions of prompts stand before."""

from datetime import datetime
from uuid import UUID

from service_kit.store import Session
from sqlalchemy import select, update

from persona_svc.adapters.tables import PromptGateRow
from persona_svc.domain.persona import Persona
from persona_svc.domain.prompt_gate import Gate, GateNotFoundError, GateState


async def find(session: Session, persona: Persona, version_id: UUID) -> Gate | None:
    """Return the newest gate of a version, if there was one."""
    rows = await session.scalars(
        select(PromptGateRow)
        .where(
            PromptGateRow.workspace_id == persona.workspace_id,
            PromptGateRow.persona_id == persona.persona_id,
            PromptGateRow.version_id == version_id,
        )
        .order_by(PromptGateRow.gate_id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    row = rows.first()
    return None if row is None else _gate(row)


async def get(session: Session, persona: Persona, version_id: UUID) -> Gate:
    """Return the newest gate of a version.

    Raises:
        GateNotFoundError: it had none.
    """
    found = await find(session, persona, version_id)
    if found is None:
        raise GateNotFoundError(f"version {version_id} stands before no gate")
    return found


async def add(session: Session, persona: Persona, version_id: UUID, deadline: datetime) -> Gate:
    """Store a new gate, which waits."""
    row = PromptGateRow(
        workspace_id=persona.workspace_id,
        persona_id=persona.persona_id,
        version_id=version_id,
        state=GateState.WAITING.value,
        deadline=deadline,
    )
    session.add(row)
    await session.flush()
    return _gate(row)


async def save(session: Session, gate: Gate) -> None:
    """Store what was decided."""
    await session.execute(
        update(PromptGateRow)
        .where(PromptGateRow.gate_id == gate.gate_id)
        .values(
            state=gate.state.value,
            decided_by=gate.decided_by,
            decided_at=gate.decided_at,
            why=gate.why,
        )
    )


def _gate(row: PromptGateRow) -> Gate:
    return Gate(
        gate_id=row.gate_id,
        version_id=row.version_id,
        state=GateState(row.state),
        deadline=row.deadline,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        why=row.why,
    )
