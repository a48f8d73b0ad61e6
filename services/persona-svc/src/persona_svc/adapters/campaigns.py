"""Campaigns of the CRM with the personas assigned to them."""

from collections.abc import Collection, Iterable, Sequence
from types import MappingProxyType
from uuid import UUID

from service_kit.store import Session, any_of
from sqlalchemy import Select, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from persona_svc.adapters.tables import AssignmentRow, CampaignRow
from persona_svc.domain.campaign import GENERAL, Campaign, CampaignNotFoundError

_DESCRIBED = (
    "name",
    "channel",
    "status",
    "booking_process_id",
    "booking_link",
    "lead_count",
    "updated_at",
)
"""What the CRM says of a campaign."""


async def find(
    session: Session, workspace_id: str, campaign_ids: Collection[str]
) -> dict[str, Campaign]:
    """Return those campaigns that are known, removed ones included, by id."""
    query = select(CampaignRow).where(
        CampaignRow.workspace_id == workspace_id, any_of(CampaignRow.campaign_id, campaign_ids)
    )
    return {campaign.campaign_id: campaign for campaign in await _read(session, query)}


async def get_all(
    session: Session, workspace_id: str, campaign_ids: Collection[str]
) -> dict[str, Campaign]:
    """Return the campaigns by id.

    Raises:
        CampaignNotFoundError: one of them is unknown or removed; the text names it.
    """
    known = await find(session, workspace_id, campaign_ids)
    found = {key: campaign for key, campaign in known.items() if not campaign.is_removed}
    missing = sorted(set(campaign_ids) - found.keys())
    if missing:
        raise CampaignNotFoundError(f"no campaign {', '.join(missing)} in this workspace")
    return found


async def assigned_to(session: Session, workspace_id: str, persona_id: UUID) -> list[Campaign]:
    """Return the campaigns that the persona is assigned to, in general or on a channel."""
    on_channel = select(AssignmentRow.campaign_id).where(
        AssignmentRow.workspace_id == workspace_id, AssignmentRow.persona_id == persona_id
    )
    query = (
        select(CampaignRow)
        .where(
            CampaignRow.workspace_id == workspace_id,
            or_(CampaignRow.persona_id == persona_id, CampaignRow.campaign_id.in_(on_channel)),
        )
        .order_by(CampaignRow.campaign_id)
    )
    return await _read(session, query)


async def count_by_persona(
    session: Session, workspace_id: str, persona_ids: Collection[UUID]
) -> dict[UUID, int]:
    """Return to how many campaigns each of these personas is assigned, in general or somewhere."""
    campaign = (CampaignRow.workspace_id == workspace_id, CampaignRow.removed.is_(False))
    in_general = select(CampaignRow.persona_id, CampaignRow.campaign_id).where(
        *campaign, any_of(CampaignRow.persona_id, persona_ids)
    )
    on_channel = (
        select(AssignmentRow.persona_id, AssignmentRow.campaign_id)
        .join(
            CampaignRow,
            (CampaignRow.workspace_id == AssignmentRow.workspace_id)
            & (CampaignRow.campaign_id == AssignmentRow.campaign_id),
        )
        .where(*campaign, any_of(AssignmentRow.persona_id, persona_ids))
    )
    assigned = in_general.union(on_channel).subquery()
    counted = select(assigned.c.persona_id, func.count().label("campaigns")).group_by(
        assigned.c.persona_id
    )
    return {row.persona_id: row.campaigns for row in await session.execute(counted)}


async def page(
    session: Session, workspace_id: str, after: str | None, limit: int
) -> list[Campaign]:
    """Return up to `limit` campaigns in order of their id."""
    query = (
        select(CampaignRow)
        .where(CampaignRow.workspace_id == workspace_id, CampaignRow.removed.is_(False))
        .order_by(CampaignRow.campaign_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(CampaignRow.campaign_id > after)
    return await _read(session, query)


async def save(session: Session, campaign: Campaign) -> None:
    """Store what the CRM says of a campaign; its assignments stay."""
    values = {name: getattr(campaign, name) for name in _DESCRIBED}
    values["removed"] = campaign.is_removed
    key = {"workspace_id": campaign.workspace_id, "campaign_id": campaign.campaign_id}
    await session.execute(
        upsert(CampaignRow)
        .values(**key, **values)
        .on_conflict_do_update(index_elements=list(key), set_=values)
    )


async def save_assignments(session: Session, campaigns: Collection[Campaign]) -> None:
    """Store who is assigned to these campaigns."""
    if not campaigns:
        return
    keys = [(campaign.workspace_id, campaign.campaign_id) for campaign in campaigns]
    await session.execute(
        delete(AssignmentRow).where(
            tuple_(AssignmentRow.workspace_id, AssignmentRow.campaign_id).in_(keys)
        )
    )
    await session.execute(update(CampaignRow), [_general(campaign) for campaign in campaigns])
    rows = [row for campaign in campaigns for row in _on_channels(campaign)]
    if rows:
        await session.execute(insert(AssignmentRow), rows)


def _general(campaign: Campaign) -> dict[str, object]:
    return {
        "workspace_id": campaign.workspace_id,
        "campaign_id": campaign.campaign_id,
        "persona_id": campaign.assignments.get(GENERAL),
    }


def _on_channels(campaign: Campaign) -> Iterable[dict[str, object]]:
    return (
        {
            "workspace_id": campaign.workspace_id,
            "campaign_id": campaign.campaign_id,
            "channel": channel,
            "persona_id": persona_id,
        }
        for channel, persona_id in campaign.assignments.items()
        if channel != GENERAL
    )


async def _read(session: Session, query: Select[CampaignRow]) -> list[Campaign]:
    rows = (await session.scalars(query.execution_options(populate_existing=True))).all()
    if not rows:
        return []
    assigned = await session.execute(
        select(AssignmentRow.campaign_id, AssignmentRow.channel, AssignmentRow.persona_id).where(
            AssignmentRow.workspace_id == rows[0].workspace_id,
            any_of(AssignmentRow.campaign_id, [row.campaign_id for row in rows]),
        )
    )
    return _campaigns(rows, assigned.all())


def _campaigns(
    rows: Sequence[CampaignRow], assigned: Iterable[tuple[str, str, UUID]]
) -> list[Campaign]:
    found = {
        row.campaign_id: {} if row.persona_id is None else {GENERAL: row.persona_id} for row in rows
    }
    for campaign_id, channel, persona_id in assigned:
        found[campaign_id][channel] = persona_id
    return [
        Campaign(
            workspace_id=row.workspace_id,
            campaign_id=row.campaign_id,
            is_removed=row.removed,
            assignments=MappingProxyType(found[row.campaign_id]),
            **{name: getattr(row, name) for name in _DESCRIBED},
        )
        for row in rows
    ]
