"""Campaigns as the CRM tells of them, and who speaks in them."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from persona_contracts import CampaignRemovedV1, CampaignSyncedV1, Received
from persona_svc.adapters import campaigns
from persona_svc.domain.campaign import AssignedPersonaNotFoundError, CampaignNotFoundError
from persona_svc.domain.persona import PersonaFields
from persona_svc.usecases.assign_personas import assign_personas
from persona_svc.usecases.create_persona import create_persona
from persona_svc.usecases.remove_campaigns import remove_campaigns
from persona_svc.usecases.sync_campaigns import sync_campaigns
from service_devkit.testing.rollback import as_worker, published

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def received(model, workspace_id, *, minute=0, **values):
    at = NOON + timedelta(minutes=minute)
    event = model(workspace_id=workspace_id, campaign_id="spring", updated_at=at, **values)
    return Received(event=event, event_id=event.default_event_id, source="urn:dramatis:crm")


@pytest.fixture
def sync(session, workspace_id):
    async def synced(*, minute=0, name="Spring"):
        values = {"name": name, "channel": "email", "status": "active"}
        item = received(CampaignSyncedV1, workspace_id, minute=minute, **values)
        async with as_worker(session):
            await sync_campaigns(session, [item])

    return synced


@pytest.fixture
async def anna(begin):
    return (await create_persona(await begin(), PersonaFields(name="Anna"))).persona_id


async def test_an_assignment_needs_a_campaign_and_a_persona(begin, sync, anna):
    with pytest.raises(CampaignNotFoundError, match="spring"):
        await assign_personas(await begin(), {("spring", "any"): anna}, "test")
    await sync()
    with pytest.raises(AssignedPersonaNotFoundError):
        await assign_personas(await begin(), {("spring", "any"): uuid4()}, "test")


async def test_an_assignment_is_told_once(session, begin, sync, anna):
    await sync()
    for _ in range(2):
        (spring,) = await assign_personas(await begin(), {("spring", "any"): anna}, "test")
        assert spring.by_channel() == dict.fromkeys(("any", "email", "sms", "linkedin"), anna)
    changes = [body for subject, body in await published(session) if "assignment" in subject]
    assert [(body["channel"], body["persona_id"]) for body in changes] == [("any", str(anna))]


async def test_what_is_older_than_what_is_known_changes_nothing(
    session, begin, sync, anna, workspace_id
):
    await sync(minute=5, name="New")
    await assign_personas(await begin(), {("spring", "sms"): anna}, "test")
    await sync(minute=4, name="Old")
    async with as_worker(session):
        await remove_campaigns(session, [received(CampaignRemovedV1, workspace_id, minute=3)])
    spring = (await campaigns.get_all(session, workspace_id, ["spring"]))["spring"]
    assert (spring.name, dict(spring.assignments)) == ("New", {"sms": anna})


async def test_a_removed_campaign_loses_its_assignments(session, begin, sync, anna, workspace_id):
    await sync(minute=1)
    await assign_personas(await begin(), {("spring", "sms"): anna}, "test")
    async with as_worker(session):
        await remove_campaigns(session, [received(CampaignRemovedV1, workspace_id, minute=2)])
    with pytest.raises(CampaignNotFoundError):
        await campaigns.get_all(session, workspace_id, ["spring"])
    await sync(minute=3)
    assert (await campaigns.get_all(session, workspace_id, ["spring"]))["spring"].assignments == {}
