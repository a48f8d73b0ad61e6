"""Clocks that differ: a reply counts from its arrival at the latest, and from 300 s later."""

from datetime import timedelta

import pytest
from following import a_reply
from followup_svc.adapters import instances, leads
from followup_svc.domain.instance import State
from followup_svc.domain.lead import LeadKey
from followup_svc.usecases.create_sequence import create_sequence
from followup_svc.usecases.record_replies import record_replies
from followup_svc.usecases.start_instances import LeadToStart, start_instances
from followup_svc.usecases.stop_on_reply import stop_on_reply
from service_devkit.testing.rollback import as_worker
from service_kit.store import database_now
from sqlalchemy import text


@pytest.fixture
def reply(session, workspace_id, versions):
    """Return a function that handles a reply which was received so long ago."""

    async def reply(ago=timedelta(0), **values):
        async with as_worker(session):
            at = await database_now(session) - ago
            replies = await record_replies(session, [a_reply(workspace_id, at, **values)])
            await stop_on_reply(session, replies, versions)

    return reply


@pytest.fixture
def known(session, workspace_id):
    async def known():
        key = LeadKey(workspace_id, "lead")
        return (await leads.get_all(session, [key]))[key]

    return known


async def state(session, made):
    return (await instances.get(session, made.instance.instance_id)).state


@pytest.mark.parametrize("seconds", [1, 60, 290])
async def test_a_reply_of_a_clock_that_is_behind_stops(session, on_the_way, reply, seconds):
    made = await on_the_way()
    await reply(timedelta(seconds=seconds))
    assert await state(session, made) is State.STOPPED


async def test_a_reply_from_long_before_the_start_stops_nothing(session, on_the_way, reply):
    made = await on_the_way()
    await reply(timedelta(seconds=310))
    assert await state(session, made) is State.ACTIVE


async def test_an_older_reply_that_comes_late_stops_nothing(session, on_the_way, reply):
    await reply(timedelta(seconds=30))
    made = await on_the_way()
    await reply(timedelta(seconds=60))
    assert await state(session, made) is State.ACTIVE


@pytest.mark.parametrize("wrong", [timedelta(days=182), timedelta(hours=1), timedelta(days=3650)])
async def test_after_a_reply_of_the_future_later_ones_are_heard(
    session, on_the_way, reply, known, wrong
):
    await reply(-wrong, campaign_id="first", lead={"first_name": "Old"}, subject="First")
    made = await on_the_way()
    await reply(campaign_id="second", lead={"first_name": "New"}, subject="Second")
    assert await state(session, made) is State.STOPPED
    lead = await known()
    assert (lead.campaign_id, lead.profile["first_name"]) == ("second", "New")
    assert lead.last_email.subject == "Second"


async def test_what_an_older_release_stored_of_the_future_is_no_obstacle(
    session, workspace_id, on_the_way, reply, known
):
    await reply(campaign_id="first", subject="First")
    await session.execute(
        text(
            "update lead set last_reply_at = now() + interval '180 days',"
            " profile_at = now() + interval '180 days', campaign_at = now() + interval '180 days'"
        )
    )
    made = await on_the_way()
    await reply(campaign_id="second", lead={"first_name": "New"}, subject="Second")
    assert await state(session, made) is State.STOPPED
    lead = await known()
    assert (lead.campaign_id, lead.last_email.subject) == ("second", "Second")
    assert lead.profile["first_name"] == "New"
    key = LeadKey(workspace_id, "lead")
    assert (await leads.lock_all(session, [key]))[key].last_reply_at <= await database_now(session)


async def test_a_late_older_reply_takes_no_campaign_back(
    session, workspace_id, a_definition, reply
):
    await reply(campaign_id="new")
    await reply(timedelta(days=2), campaign_id="old")
    sequence = await create_sequence(session, workspace_id, a_definition(), by="ann")
    chosen = [LeadToStart(lead_id="lead", campaign_id=None)]
    (instance,), _ = await start_instances(
        session, sequence, chosen, by="ann", skip_unavailable=False
    )
    assert instance.campaign_id == "new"
