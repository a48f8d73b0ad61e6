"""What a workspace sets, and what the CRM tells of its campaigns."""

from dataclasses import replace
from datetime import timedelta

from followup_svc.adapters import campaigns, followup_settings
from followup_svc.domain.campaign import CampaignKey
from followup_svc.domain.followup_settings import DEFAULTS
from followup_svc.usecases.record_campaigns import record_campaigns
from followup_svc.usecases.save_settings import save_settings
from persona_contracts import CampaignRemovedV1, CampaignSyncedV1
from service_devkit.testing.rollback import as_worker
from service_kit.store import database_now


async def test_settings_are_the_defaults_until_they_are_saved(session, workspace_id):
    before = await followup_settings.lock(session, workspace_id)
    assert before == DEFAULTS
    new = replace(
        DEFAULTS, time_zone="Europe/Berlin", send_window=None, answer_timeout=timedelta(hours=1)
    )
    first = await save_settings(session, workspace_id, before, new)
    assert first == replace(new, version=1)
    assert await followup_settings.get(session, workspace_id) == first
    second = await save_settings(session, workspace_id, first, DEFAULTS)
    assert second == replace(DEFAULTS, version=2)
    assert await followup_settings.get(session, workspace_id) == second


async def test_the_newest_event_of_a_campaign_counts_in_whatever_order(session, workspace_id):
    now = await database_now(session)
    key = CampaignKey(workspace_id, "spring")

    def synced(name, minutes):
        return CampaignSyncedV1(
            workspace_id=workspace_id,
            campaign_id="spring",
            name=name,
            channel="email",
            status="active",
            updated_at=now + timedelta(minutes=minutes),
        )

    removed = CampaignRemovedV1(
        workspace_id=workspace_id, campaign_id="spring", updated_at=now + timedelta(minutes=3)
    )
    async with as_worker(session):
        await record_campaigns(session, [synced("Newer", 2), synced("Older", 1)])
        await record_campaigns(session, [synced("Oldest", 0)])
        assert (await campaigns.get_all(session, [key]))[key].name == "Newer"
        await record_campaigns(session, [removed])
        assert await campaigns.get_all(session, [key]) == {}
