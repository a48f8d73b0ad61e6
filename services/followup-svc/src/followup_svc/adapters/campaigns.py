"""The campaigns that the CRM told of."""

from collections.abc import Collection, Mapping

from service_kit.store import Session, pair_of
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from followup_svc.adapters.tables import CampaignRow
from followup_svc.domain.campaign import Campaign, CampaignKey


async def get_all(
    session: Session, keys: Collection[CampaignKey]
) -> Mapping[CampaignKey, Campaign]:
    """Return those of `keys` that were synced and not removed."""
    if not keys:
        return {}
    rows = await session.scalars(
        select(CampaignRow).where(
            pair_of(CampaignRow.workspace_id, CampaignRow.campaign_id, keys),
            CampaignRow.removed.is_(False),
        )
    )
    campaigns = [_campaign(row) for row in rows]
    return {campaign.key: campaign for campaign in campaigns}


async def save_all(session: Session, campaigns: Collection[Campaign]) -> None:
    """Store campaigns, each once; one that is stored as of a later time stays as it is."""
    statement = insert(CampaignRow)
    new = statement.excluded
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["workspace_id", "campaign_id"],
            set_={
                "name": new.name,
                "booking_link": new.booking_link,
                "removed": new.removed,
                "updated_at": new.updated_at,
            },
            where=CampaignRow.updated_at < new.updated_at,
        ),
        [
            {
                "workspace_id": campaign.key.workspace_id,
                "campaign_id": campaign.key.campaign_id,
                "name": campaign.name,
                "booking_link": campaign.booking_link,
                "removed": campaign.is_removed,
                "updated_at": campaign.updated_at,
            }
            for campaign in sorted(campaigns, key=lambda campaign: campaign.key)
        ],
    )


def _campaign(row: CampaignRow) -> Campaign:
    return Campaign(
        key=CampaignKey(row.workspace_id, row.campaign_id),
        name=row.name,
        booking_link=row.booking_link,
        is_removed=row.removed,
        updated_at=row.updated_at,
    )
