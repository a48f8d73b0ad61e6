"""F4 and F8 for followup-svc: a lost stream comes back; all of history once more does nothing."""

import nats as nats_client
import pytest
from following_up import Crm
from nats.js.errors import NotFoundError
from service_devkit.testing.waiting import wait_until
from service_kit.topology import apply_streams

pytestmark = [pytest.mark.processes, pytest.mark.faults]
CONSUMERS = ("lead_replied", "lead_outcome", "message_sent", "message_failed", "campaign_synced")
LEADS = 30


@pytest.fixture
async def connection(nats_url):
    opened = await nats_client.connect(nats_url, max_reconnect_attempts=-1)
    await apply_streams(opened.jetstream())
    yield opened
    await opened.close()


async def account(followups):
    """Return all that leads and the CRM would notice."""
    return [
        await followups.sql(query)
        for query in (
            "select instance_id, state, reason, step from instance order by 1",
            "select instance_id, number, request_id, attempt, status from step order by 1, 2",
            "select event_id, subject from outbox order by id",
            "select lead_id, reason from suppression order by 1",
        )
    ]


async def live(followups, campaigner):
    """Let leads be followed up, reply and unsubscribe."""
    made = await followups.fill(campaigner, LEADS)
    await followups.until_completed(LEADS)
    await campaigner.start(made, "leaving", "answering")
    await campaigner.replies("answering")
    await campaigner.outcome("leaving", "unsubscribed")
    await wait_until(lambda: followups.sql("select 1 from suppression"))
    await campaigner.until_known("answering")


async def test_a_lost_stream_is_filled_again_and_all_of_history_changes_nothing(
    followups, connection
):
    js = connection.jetstream()
    async with followups.workspace(connection) as campaigner, Crm(connection) as crm:
        await live(followups, campaigner)
        await settled(followups, connection)
        before, asked = await account(followups), set(crm.asked)
        stored = (await js.stream_info("FOLLOWUP")).state.messages
        for name in CONSUMERS:
            await js.delete_consumer("CRM", f"followup-svc_on_{name}")
        await settled(followups, connection)
        assert await account(followups) == before

        await js.delete_stream("FOLLOWUP")

        async def is_filled():
            try:
                return (await js.stream_info("FOLLOWUP")).state.messages >= stored
            except NotFoundError:
                return False

        await wait_until(is_filled)
        await settled(followups, connection)
        assert await account(followups) == before
        assert set(crm.asked) == asked


async def settled(followups, connection):
    """Return once every event of the CRM is handled and every event of ours is published."""
    js = connection.jetstream()

    async def has_read_all():
        try:
            infos = [await js.consumer_info("CRM", f"followup-svc_on_{n}") for n in CONSUMERS]
        except NotFoundError:
            return False
        waiting = await followups.sql("select count(*) from outbox where published_at is null")
        return waiting == [(0,)] and all(
            info.num_pending == 0 and info.num_ack_pending == 0 for info in infos
        )

    await wait_until(has_read_all)
