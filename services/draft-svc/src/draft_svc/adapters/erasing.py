"""Erasing drafts, or what a persona wrote in them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from service_kit.erasure import delete_rows
from service_kit.store import Session, Store
from sqlalchemy import JSON, bindparam, select, text

from draft_svc.adapters.tables import DraftRow
from draft_svc.domain.draft import DraftFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class BlankedDraft:
    """A draft without what was written in the voice of an erased persona."""

    workspace_id: str
    draft_id: UUID
    message_id: str
    revision: int
    lead_id: str
    channel: str
    campaign_id: str | None
    correlation_id: str | None
    was_open: bool


_BLANK = text(
    """
    with written as (
      select draft_id, status from draft
      where workspace_id = :workspace_id and resolution->>'persona_id' = :persona_id
      order by draft_id limit :count for update
    )
    update draft set body = null, generated_body = null, signature = null, text = null,
      citations = '[]', strategy = null, resolution = null, revision = draft.revision + 1,
      status = case written.status when 'ready' then 'failed' else written.status end,
      error = case written.status when 'ready' then cast(:error as jsonb) else draft.error end
    from written where draft.draft_id = written.draft_id
    returning draft.workspace_id, draft.draft_id, draft.message_id, draft.revision, draft.lead_id,
      draft.channel, draft.campaign_id, draft.correlation_id,
      written.status = 'ready' as was_open
    """
).bindparams(bindparam("error", type_=JSON))


async def blank_drafts(
    session: Session, workspace_id: str, persona_id: str, failure: DraftFailure, count: int
) -> list[BlankedDraft]:
    """Remove what a persona wrote from up to `count` drafts; open ones fail with `failure`."""
    rows = await session.execute(
        _BLANK,
        {
            "workspace_id": workspace_id,
            "persona_id": persona_id,
            "error": asdict(failure),
            "count": count,
        },
    )
    return [BlankedDraft(**row) for row in rows.mappings()]


async def ids_of_lead(session: Session, workspace_id: str, lead_id: str) -> Sequence[str]:
    """Return the ids of a lead's drafts and of the replies that they answer."""
    rows = await session.execute(
        select(DraftRow.draft_id, DraftRow.message_id).where(
            DraftRow.workspace_id == workspace_id, DraftRow.lead_id == lead_id
        )
    )
    return [str(item) for row in rows for item in row]


async def delete_drafts_of_lead(
    store: Store, workspace_id: str, lead_id: str, before: datetime
) -> None:
    """Delete the drafts of a lead's replies up to `before`."""
    await delete_rows(
        store,
        DraftRow,
        DraftRow.workspace_id == workspace_id,
        DraftRow.lead_id == lead_id,
        DraftRow.received_at <= before,
    )


async def delete_all_drafts(store: Store, workspace_id: str) -> None:
    """Delete the drafts of a workspace."""
    await delete_rows(store, DraftRow, DraftRow.workspace_id == workspace_id)
