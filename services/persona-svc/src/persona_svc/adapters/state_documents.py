"""The table that PERSONA_STATE is published from, and refilled from when the stream is lost."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from nats.aio.client import Client
from persona_client import WorkspaceView
from persona_contracts import (
    COMPLETE_HEADER,
    CampaignState,
    ResolvedPersona,
    StateKind,
    WorkspaceState,
    state_subject,
)
from service_kit.crash_points import crash_point
from service_kit.publishing import Message, send_batch
from service_kit.store import Session, any_of
from service_kit.topology import STATE_STREAM
from service_kit.wakeups import OUTBOX_CHANNEL, notify
from sqlalchemy import JSON, bindparam, case, func, select, text, update

from persona_svc.adapters.tables import StateDocumentRow

BATCH = 200
_ORDER = case({"persona": 0, "campaign": 1, "workspace": 2}, value=StateDocumentRow.kind)


_SAVE = text(
    """
    with saved as (
      insert into state_document (subject, workspace_id, kind, revision, body)
      select subject, :workspace_id, kind, revision, body from json_to_recordset(:documents)
        as new(subject text, kind text, revision bigint, body jsonb) order by subject
      on conflict (subject) do update
        set revision = excluded.revision, body = excluded.body, updated_at = now()
    )
    select pg_notify(:channel, '')
    """
).bindparams(bindparam("documents", type_=JSON))


@dataclass(frozen=True, slots=True, kw_only=True)
class StateDocument:
    """What readers get to see of one entity; its `revision` is higher than any before."""

    kind: StateKind
    entity_id: str
    body: Mapping[str, Any]

    @classmethod
    def tombstone(cls, kind: StateKind, entity_id: str, revision: int) -> Self:
        """Return what is left of a deleted entity."""
        return cls(kind=kind, entity_id=entity_id, body={"deleted": True, "revision": revision})


async def save_all(session: Session, workspace_id: str, documents: Iterable[StateDocument]) -> None:
    """Store the documents, and wake the relay, in one statement however many they are."""
    rows = [
        {
            "subject": state_subject(workspace_id, document.kind, document.entity_id),
            "kind": document.kind,
            "revision": document.body["revision"],
            "body": document.body,
        }
        for document in documents
    ]
    if rows:
        values = {"workspace_id": workspace_id, "documents": rows, "channel": OUTBOX_CHANNEL}
        await session.execute(_SAVE, values)


async def write_all_tombstones(session: Session, workspace_id: str, revision: int) -> None:
    """Leave a tombstone for everything that a workspace has shown."""
    await session.execute(
        update(StateDocumentRow)
        .where(StateDocumentRow.workspace_id == workspace_id)
        .values(
            body={"deleted": True, "revision": revision}, revision=revision, updated_at=func.now()
        )
    )
    await notify(session, OUTBOX_CHANNEL)


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

    async def oldest(self, session: Session) -> Mapping[str, float]:
        """Return the age in seconds of the oldest unpublished document."""
        age = func.extract("epoch", func.clock_timestamp() - func.min(StateDocumentRow.updated_at))
        waiting = StateDocumentRow.published_revision < StateDocumentRow.revision
        seconds = await session.scalar(select(age).where(waiting))
        return {} if seconds is None else {STATE_STREAM: float(seconds)}

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
        complete, unfinished = _announcements(rows, await _pending(session, rows))
        await send_batch(connection, [_message(row, complete[row.subject]) for row in rows])
        crash_point("state-after-publish")
        await session.execute(
            update(StateDocumentRow)
            .where(any_of(StateDocumentRow.subject, complete.keys() - unfinished))
            .values(published_revision=StateDocumentRow.revision)
        )
        return len(rows) == BATCH


async def _pending(session: Session, rows: Sequence[StateDocumentRow]) -> dict[str, int]:
    """Return, by workspace, the lowest revision that is committed and not published, beside `rows`.

    A separate statement, after `rows` are locked: it sees whatever their bodies may refer to.
    """
    found = await session.execute(
        select(StateDocumentRow.workspace_id, func.min(StateDocumentRow.revision))
        .where(
            StateDocumentRow.published_revision < StateDocumentRow.revision,
            any_of(StateDocumentRow.workspace_id, {row.workspace_id for row in rows}),
            ~any_of(StateDocumentRow.subject, [row.subject for row in rows]),
        )
        .group_by(StateDocumentRow.workspace_id)
    )
    return {row[0]: row[1] for row in found}


def _announcements(
    rows: Iterable[StateDocumentRow], pending: Mapping[str, int]
) -> tuple[dict[str, int], set[str]]:
    """Return, by subject, up to which revision the stream has everything once it is sent there.

    The second part are documents to send again: if something of a workspace is left (locked by a
    change, or by another relay), its last one goes with the rest, which may be nobody's last.
    """
    complete, unfinished = dict[str, int](), set[str]()
    by_workspace = dict[str, list[StateDocumentRow]]()
    for row in rows:
        by_workspace.setdefault(row.workspace_id, []).append(row)
    for workspace_id, group in by_workspace.items():
        lowest, highest = min(row.revision for row in group), max(row.revision for row in group)
        left = pending.get(workspace_id, highest + 1)
        complete |= {row.subject: min(lowest, left) - 1 for row in group}
        complete[group[-1].subject] = left - 1
        if left <= highest:
            unfinished.add(group[-1].subject)
    return complete, unfinished


def _message(row: StateDocumentRow, complete: int) -> Message:
    return Message(
        subject=row.subject,
        body=json.dumps(row.body, ensure_ascii=False).encode(),
        headers={"content-type": "application/json", COMPLETE_HEADER: str(complete)},
    )
