"""Campaigns of the CRM and the personas assigned to them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from persona_contracts import CampaignRemovedV1, CampaignSyncedV1
from service_kit.errors import NotFoundError
from service_kit.store import Session
from sqlalchemy import delete, literal, select, tuple_, union_all, update
from sqlalchemy.dialects.postgresql import insert

from persona_svc.adapters.tables import AssignmentRow, CampaignRow
from persona_svc.domain.campaign import GENERAL

_ASSIGNED = union_all(
    select(
        AssignmentRow.workspace_id,
        AssignmentRow.campaign_id,
        AssignmentRow.channel,
        AssignmentRow.persona_id,
    ),
    select(
        CampaignRow.workspace_id,
        CampaignRow.campaign_id,
        literal(GENERAL).label("channel"),
        CampaignRow.persona_id,
    ).where(CampaignRow.persona_id.is_not(None)),
).subquery("assigned")


class CampaignNotFoundError(NotFoundError):
    """This campaign was never synced, or is removed."""

    slug = "campaign-not-found"


async def sync(session: Session, event: CampaignSyncedV1) -> bool:
    """Store what the CRM says; False when something newer is stored already."""
    values = event.model_dump(exclude={"workspace_id"}, mode="python") | {
        "workspace_id": event.workspace_id,
        "channel": event.channel.value,
        "removed": False,
    }
    return await _upsert_if_newer(session, values)


async def remove(session: Session, event: CampaignRemovedV1) -> bool:
    """Mark the campaign removed; False when something newer is stored already."""
    known = await session.get(CampaignRow, (event.workspace_id, event.campaign_id))
    values = {
        "workspace_id": event.workspace_id,
        "campaign_id": event.campaign_id,
        "name": known.name if known else event.campaign_id,
        "channel": known.channel if known else "email",
        "status": "removed",
        "updated_at": event.updated_at,
        "removed": True,
    }
    return await _upsert_if_newer(session, values)


async def _upsert_if_newer(session: Session, values: dict[str, Any]) -> bool:
    statement = insert(CampaignRow).values(values)
    changed = {name: statement.excluded[name] for name in values if not name.endswith("_id")}
    if "booking_process_id" in values:
        changed["booking_process_id"] = statement.excluded.booking_process_id
    stored = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=["workspace_id", "campaign_id"],
            set_=changed,
            where=CampaignRow.updated_at < statement.excluded.updated_at,
        )
        .returning(CampaignRow.campaign_id)
        .execution_options(populate_existing=True)
    )
    return stored is not None


async def require(
    session: Session, workspace_id: str, campaign_ids: Collection[str]
) -> dict[str, CampaignRow]:
    """Return the campaigns by id.

    Raises:
        CampaignNotFoundError: one of them is unknown; the text names it.
    """
    rows = await session.scalars(
        select(CampaignRow).where(
            CampaignRow.workspace_id == workspace_id,
            CampaignRow.campaign_id.in_(campaign_ids),
            CampaignRow.removed.is_(False),
        )
    )
    found = {row.campaign_id: row for row in rows}
    missing = sorted(set(campaign_ids) - found.keys())
    if missing:
        raise CampaignNotFoundError(f"no campaign {', '.join(missing)} in this workspace")
    return found


async def names(
    session: Session, workspace_id: str, campaign_ids: Collection[str]
) -> dict[str, str]:
    """Return the names of those campaigns that are known, removed ones included."""
    rows = await session.execute(
        select(CampaignRow.campaign_id, CampaignRow.name).where(
            CampaignRow.workspace_id == workspace_id, CampaignRow.campaign_id.in_(campaign_ids)
        )
    )
    return {row.campaign_id: row.name for row in rows}


async def page(
    session: Session, workspace_id: str, after: str | None, limit: int
) -> list[CampaignRow]:
    """Return up to `limit` campaigns in order of their id."""
    query = (
        select(CampaignRow)
        .where(CampaignRow.workspace_id == workspace_id, CampaignRow.removed.is_(False))
        .order_by(CampaignRow.campaign_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(CampaignRow.campaign_id > after)
    return list(await session.scalars(query))


async def assignments(
    session: Session, workspace_id: str, campaign_ids: Collection[str]
) -> dict[str, dict[str, UUID]]:
    """Return {campaign_id: {channel or "any": persona_id}} for those with an assignment."""
    rows = await session.execute(
        select(_ASSIGNED).where(
            _ASSIGNED.c.workspace_id == workspace_id, _ASSIGNED.c.campaign_id.in_(campaign_ids)
        )
    )
    found: dict[str, dict[str, UUID]] = {}
    for row in rows:
        found.setdefault(row.campaign_id, {})[row.channel] = row.persona_id
    return found


async def assignments_of(
    session: Session, workspace_id: str, persona_id: UUID
) -> Sequence[tuple[str, str]]:
    """Return each (campaign_id, channel or "any") that the persona is assigned to, in order."""
    rows = await session.execute(
        select(_ASSIGNED.c.campaign_id, _ASSIGNED.c.channel)
        .where(_ASSIGNED.c.workspace_id == workspace_id, _ASSIGNED.c.persona_id == persona_id)
        .order_by(_ASSIGNED.c.campaign_id, _ASSIGNED.c.channel)
    )
    return [(row.campaign_id, row.channel) for row in rows]


async def assign(
    session: Session, workspace_id: str, places: Mapping[tuple[str, str], UUID | None]
) -> None:
    """Set who speaks at each (campaign_id, channel or "any"); None clears."""
    rows = [
        {
            "workspace_id": workspace_id,
            "campaign_id": campaign_id,
            "channel": channel,
            "persona_id": persona_id,
        }
        for (campaign_id, channel), persona_id in places.items()
    ]
    general = [row for row in rows if row["channel"] == GENERAL]
    own = [row for row in rows if row["channel"] != GENERAL]
    await _assign_in_general(session, general)
    await _assign_channels(session, [row for row in own if row["persona_id"] is not None])
    await _clear_channels(session, [row for row in own if row["persona_id"] is None])


async def _assign_in_general(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        key_and_persona = [{k: v for k, v in row.items() if k != "channel"} for row in rows]
        await session.execute(update(CampaignRow), key_and_persona)


async def _assign_channels(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        statement = insert(AssignmentRow)
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["workspace_id", "campaign_id", "channel"],
                set_={"persona_id": statement.excluded.persona_id},
            ),
            rows,
        )


async def _clear_channels(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        places = [(row["workspace_id"], row["campaign_id"], row["channel"]) for row in rows]
        key = tuple_(AssignmentRow.workspace_id, AssignmentRow.campaign_id, AssignmentRow.channel)
        await session.execute(delete(AssignmentRow).where(key.in_(places)))
