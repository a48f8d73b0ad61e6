"""F2 and F6 for followup-svc: stopped under load, or behind a network that stalls and breaks."""

from time import monotonic
from urllib.parse import urlsplit

import pytest
from following_up import Crm, Followups
from link_faults import cut_twice, slow_down, stall
from service_devkit.testing.fault_link import FaultLink

pytestmark = [pytest.mark.processes, pytest.mark.faults]
LEADS = 200


@pytest.fixture
async def run(database, tmp_path):
    """Return a function that starts followup-svc with its own addresses."""
    started = []

    async def start(nats_url, link_to_postgres=None):
        followups = Followups(database("followup_svc"), tmp_path, nats_url)
        if link_to_postgres is not None:
            followups.reach_database_by(link_to_postgres)
        started.append(followups)
        await followups.start()
        return followups

    yield start
    for followups in started:
        await followups.stop()


async def test_a_stop_under_load_takes_less_than_10_seconds_and_doubles_nothing(
    run, connection, nats_url
):
    followups = await run(nats_url)
    async with followups.workspace(connection) as campaigner, Crm(connection) as crm:
        await followups.fill(campaigner, LEADS)
        for _ in range(3):
            asked_at = monotonic()
            await followups.stop()
            assert monotonic() - asked_at < 10
            assert "service.stopped" in followups.processes[0].log()
            await followups.start()
        await followups.until_completed(LEADS)
        assert await followups.violations(crm, LEADS * 2) == {}


@pytest.mark.parametrize("fault", [stall, cut_twice, slow_down])
@pytest.mark.parametrize("peer", ["nats", "postgres"])
async def test_each_step_is_requested_once_through(
    run, connection, nats_url, postgres, peer, fault
):
    target = urlsplit(nats_url).port if peer == "nats" else postgres.port
    async with FaultLink(target) as link:
        if peer == "nats":
            followups = await run(f"nats://127.0.0.1:{link.port}")
        else:
            followups = await run(nats_url, link.port)
        async with followups.workspace(connection) as campaigner, Crm(connection) as crm:
            await followups.fill(campaigner, LEADS)
            await fault(link)
            await followups.until_completed(LEADS)
            assert await followups.violations(crm, LEADS * 2) == {}
        await followups.stop()
