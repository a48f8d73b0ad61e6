"""The table that PERSONA_STATE is published from, and refilled from when the stream is lost."""

import json
from typing import Any
from uuid import UUID

from nats.aio.client import Client
from persona_client import WorkspaceView
from persona_contracts import (
    CampaignState,
    ResolvedPersona,
    StateKind,
    WorkspaceState,
    state_subject,
)
from service_kit.crash_points import crash_point
from service_kit.publishing import Message, send_batch
from service_kit.store import Session
from service_kit.wakeups import OUTBOX_CHANNEL, notify
from sqlalchemy import case, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from persona_svc.adapters.tables import StateDocumentRow

BATCH = 200
_ORDER = case({"persona": 0, "campaign": 1, "workspace": 2}, value=StateDocumentRow.kind)


async def put(
    session: Session, workspace_id: str, kind: StateKind, entity_id: str, body: dict[str, Any]
) -> None:
    """Set the document of one entity; `body["revision"]` is higher than that of any before."""
    values = {
        "subject": state_subject(workspace_id, kind, entity_id),
        "workspace_id": workspace_id,
        "kind": kind,
        "revision": body["revision"],
        "body": body,
    }
    statement = insert(StateDocumentRow).values(values)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["subject"],
            set_={
                "revision": statement.excluded.revision,
                "body": statement.excluded.body,
                "updated_at": func.now(),
            },
        )
    )
    await notify(session, OUTBOX_CHANNEL)


async def bury(
    session: Session, workspace_id: str, kind: StateKind, entity_id: str, revision: int
) -> None:
    """Leave a tombstone for a deleted entity."""
    body = {"deleted": True, "revision": revision}
    await put(session, workspace_id, kind, entity_id, body)


async def view(
    session: Session, workspace_id: str, campaign_id: str | None, sequence_persona_id: UUID | None
) -> WorkspaceView:
    """Return what resolving for this campaign and sequence reads, as it is published."""
    workspace = await _body(session, workspace_id, "workspace", workspace_id)
    campaign = await _body(session, workspace_id, "campaign", campaign_id) if campaign_id else None
    settings = WorkspaceState.model_validate(workspace) if workspace else None
    assigned = CampaignState.model_validate(campaign) if campaign else None
    named = {sequence_persona_id, settings and settings.default_persona_id}
    named |= set(assigned.assignments.values()) if assigned else set()
    personas: dict[UUID, ResolvedPersona] = {}
    for persona_id in named - {None}:
        body = await _body(session, workspace_id, "persona", str(persona_id))
        if body is not None:
            persona = ResolvedPersona.model_validate(body)
            personas[persona.persona_id] = persona
    return WorkspaceView(
        workspace=settings,
        personas=personas,
        campaigns={assigned.campaign_id: assigned} if assigned else {},
    )


async def _body(
    session: Session, workspace_id: str, kind: StateKind, entity_id: str
) -> dict[str, Any] | None:
    row = await session.get(StateDocumentRow, state_subject(workspace_id, kind, entity_id))
    return None if row is None or "deleted" in row.body else row.body


async def republish_all(session: Session, stream: str) -> int:
    """Mark every document as unpublished, because `stream` was lost; return how many there are."""
    del stream
    result = await session.execute(
        text(
            "with again as (update state_document set published_revision = 0 returning 1)"
            " select count(*) from again"
        )
    )
    return result.scalar_one()


class StateDocuments:
    """The unpublished documents, as a source of the relay."""

    async def drain(self, session: Session, connection: Client) -> bool:
        """Publish up to BATCH documents, holding their locks until the broker has them."""
        rows = list(
            await session.scalars(
                select(StateDocumentRow)
                .where(StateDocumentRow.published_revision < StateDocumentRow.revision)
                .order_by(
                    StateDocumentRow.revision,
                    StateDocumentRow.body.has_key("deleted"),
                    _ORDER,
                    StateDocumentRow.subject,
                )
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            )
        )
        if not rows:
            return False
        crash_point("state-before-publish")
        await send_batch(connection, [_message(row) for row in rows])
        crash_point("state-after-publish")
        await session.execute(
            update(StateDocumentRow)
            .where(StateDocumentRow.subject.in_([row.subject for row in rows]))
            .values(published_revision=StateDocumentRow.revision)
        )
        return len(rows) == BATCH


def _message(row: StateDocumentRow) -> Message:
    return Message(
        subject=row.subject,
        body=json.dumps(row.body, ensure_ascii=False).encode(),
        headers={"content-type": "application/json"},
    )
