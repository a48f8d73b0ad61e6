"""The table of drafts and its queries."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from persona_contracts import LeadRepliedV1
from service_kit.errors import NotFoundError
from service_kit.leases import Leased, Leases
from service_kit.store import Session
from sqlalchemy import ARRAY, String, bindparam, case, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from draft_svc.domain.draft import DraftStatus


class DraftRow(Leased):
    """A reply and the draft that answers it; one per (workspace, message)."""

    __tablename__ = "draft"

    draft_id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[str]
    lead_id: Mapped[str]
    campaign_id: Mapped[str | None]
    channel: Mapped[str]
    received_at: Mapped[datetime]
    reply: Mapped[dict[str, Any]]
    """The `lead.replied` event, as it came."""
    stored_status: Mapped[str] = mapped_column("status")
    subject: Mapped[str | None]
    body: Mapped[str | None]
    generated_body: Mapped[str | None]
    """The body as the model wrote it; an approval with another body leaves it."""
    signature: Mapped[str | None]
    text: Mapped[str | None]
    citations: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    knowledge: Mapped[str | None]
    resolution: Mapped[dict[str, Any] | None]
    model: Mapped[str | None]
    strategy: Mapped[dict[str, Any] | None]
    usage: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    edit_distance: Mapped[int | None]
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]

    @hybrid_property
    def status(self) -> DraftStatus:
        """Where the draft stands."""
        if self.stored_status == DraftStatus.QUEUED and self.lease_token is not None:
            return DraftStatus.GENERATING
        return DraftStatus(self.stored_status)

    @status.inplace.expression
    @classmethod
    def _status_sql(cls) -> Any:  # noqa: ANN401 — an SQL expression
        generating = (cls.stored_status == DraftStatus.QUEUED) & cls.lease_token.is_not(None)
        return case((generating, DraftStatus.GENERATING.value), else_=cls.stored_status)

    @property
    def campaign_from(self) -> str | None:
        """Where the campaign is from: "reply", or "remembered" from an earlier one of the lead."""
        if self.campaign_id is None:
            return None
        return "remembered" if self.reply.get("campaign_id") is None else "reply"

    def incoming(self) -> LeadRepliedV1:
        """Return the reply as an event."""
        return LeadRepliedV1.model_validate(self.reply)


LEASES = Leases(DraftRow, lambda row: row)


class DraftNotFoundError(NotFoundError):
    """There is no such draft in this workspace."""

    slug = "draft-not-found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded:
    """A draft that a newer reply of the same lead made pointless."""

    workspace_id: str
    draft_id: UUID
    message_id: str
    superseded_by: UUID


_LOCK_LEADS = text(
    "select pg_advisory_xact_lock(key) from (select distinct"
    " hashtextextended(workspace_id || '/' || lead_id, 0) as key"
    " from unnest(:workspace_ids, :lead_ids) as lead(workspace_id, lead_id) order by key) locks"
).bindparams(*(bindparam(name, type_=ARRAY(String)) for name in ("workspace_ids", "lead_ids")))
_SUPERSEDE = text(
    """
    with newest as (
      select distinct on (draft.workspace_id, draft.lead_id)
        draft.workspace_id, draft.lead_id, draft.draft_id, draft.received_at
      from draft join unnest(:workspace_ids, :lead_ids) as lead(workspace_id, lead_id)
        on draft.workspace_id = lead.workspace_id and draft.lead_id = lead.lead_id
      order by draft.workspace_id, draft.lead_id, draft.received_at desc, draft.draft_id desc
    )
    update draft set status = 'superseded', due_at = null, lease_token = null,
      revision = revision + 1
    from newest where draft.workspace_id = newest.workspace_id
      and draft.lead_id = newest.lead_id and draft.status in ('queued', 'ready')
      and (draft.received_at, draft.draft_id) < (newest.received_at, newest.draft_id)
    returning draft.workspace_id, draft.draft_id, draft.message_id,
      newest.draft_id as superseded_by
    """
).bindparams(*(bindparam(name, type_=ARRAY(String)) for name in ("workspace_ids", "lead_ids")))


_RECALL_CAMPAIGNS = text(
    """
    update draft set campaign_id = (
      select earlier.campaign_id from draft earlier
      where earlier.workspace_id = draft.workspace_id and earlier.lead_id = draft.lead_id
        and earlier.reply->>'campaign_id' is not null
      order by earlier.received_at desc, earlier.draft_id desc limit 1
    )
    where draft_id = any(:draft_ids) and campaign_id is null
    """
)


async def lock_leads(session: Session, leads: Collection[tuple[str, str]]) -> None:
    """Let one transaction at a time judge which reply of a lead is the newest."""
    await session.execute(_LOCK_LEADS, _columns(leads))


async def add_new(session: Session, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """Insert drafts, at most one per (workspace, message); return the ids that are new."""
    result = await session.execute(
        insert(DraftRow)
        .on_conflict_do_nothing(index_elements=["workspace_id", "message_id"])
        .returning(DraftRow.draft_id),
        list(rows),
    )
    return set(result.scalars())


async def recall_campaigns(session: Session, draft_ids: Collection[UUID]) -> None:
    """Set the campaign of replies that name none: that of the lead's newest reply which names one.

    The leads must be locked.
    """
    if draft_ids:
        await session.execute(_RECALL_CAMPAIGNS, {"draft_ids": list(draft_ids)})


async def make_due(session: Session, draft_ids: Collection[UUID]) -> None:
    """Make the queued ones of `draft_ids` due at once, by the database's clock."""
    await session.execute(
        update(DraftRow)
        .where(DraftRow.draft_id.in_(draft_ids), DraftRow.stored_status == DraftStatus.QUEUED)
        .values(due_at=func.now(), attempts=0, deaths=0)
        .execution_options(synchronize_session=False)
    )
    await LEASES.wake_workers(session)


async def supersede_older(session: Session, leads: Collection[tuple[str, str]]) -> list[Superseded]:
    """Close every open draft of `leads` (workspace_id, lead_id) but that of the newest reply."""
    rows = await session.execute(_SUPERSEDE, _columns(leads))
    return [Superseded(**row) for row in rows.mappings()]


async def load(session: Session, draft_id: UUID, *, for_update: bool = False) -> DraftRow:
    """Return one draft.

    Raises:
        DraftNotFoundError: this workspace has none with that id.
    """
    row = await session.get(DraftRow, draft_id, with_for_update=for_update)
    if row is None:
        raise DraftNotFoundError(f"no draft {draft_id}")
    return row


async def is_newest_of_lead(session: Session, row: DraftRow) -> bool:
    """Return whether the lead has not replied again since."""
    newer = select(DraftRow.draft_id).where(
        DraftRow.workspace_id == row.workspace_id,
        DraftRow.lead_id == row.lead_id,
        DraftRow.received_at > row.received_at,
    )
    return await session.scalar(newer.limit(1)) is None


async def page(
    session: Session, filters: dict[str, str], after: UUID | None, limit: int
) -> list[DraftRow]:
    """Return up to `limit` drafts, newest first, that equal `filters` (column name to value)."""
    query = select(DraftRow).order_by(DraftRow.draft_id.desc()).limit(limit)
    for column, value in filters.items():
        query = query.where(getattr(DraftRow, column) == value)
    if after is not None:
        query = query.where(DraftRow.draft_id < after)
    return list(await session.scalars(query))


def _columns(leads: Collection[tuple[str, str]]) -> dict[str, list[str]]:
    ordered = sorted(set(leads))
    return {
        "workspace_ids": [workspace_id for workspace_id, _ in ordered],
        "lead_ids": [lead_id for _, lead_id in ordered],
    }
