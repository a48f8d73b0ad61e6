"""F6: the network between draft-svc and what it needs stalls, breaks or slows: nothing is lost."""

from urllib.parse import urlsplit

import pytest
from link_faults import cut_twice, half_open, slow_down, stall
from service_devkit.testing.fault_link import FaultLink
from service_devkit.testing.waiting import wait_until
from sqlalchemy import make_url

pytestmark = [pytest.mark.processes, pytest.mark.faults]


@pytest.fixture
async def linked(world):
    """Return what restarts draft-svc with a link to `nats` or `postgres` in between."""
    replicas, links = [], []

    async def start(peer):
        nats_url, postgres = world.stack.nats_url, world.stack.postgres
        target = urlsplit(nats_url).port if peer == "nats" else postgres.socket
        link = await FaultLink(target).__aenter__()
        links.append(link)
        by_link = {"host": "127.0.0.1", "port": str(link.port)}
        url = make_url(postgres.url("draft", "draft")).update_query_dict(by_link)
        env = (
            {"DRAMATIS_NATS_URL": nats_url.replace(f":{target}", f":{link.port}")}
            if peer == "nats"
            else {"DRAMATIS_DATABASE_URL": url.render_as_string(hide_password=False)}
        )
        await world.stop(world.draft)
        replica = world.stack.replica("draft", **env)
        replicas.append(replica)
        await world.start(replica)
        return link, await world.desk(replica)

    yield start
    for link in links:
        link.restore()
    for replica in replicas:
        await world.stop(replica)
    for link in links:
        await link.__aexit__()


FAULTS = [stall, cut_twice, slow_down, half_open]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("peer", ["nats", "postgres"])
async def test_all_replies_are_drafted_once_through(world, linked, peer, fault):
    link, desk = await linked(peer)
    events = [await world.reply(desk, number) for number in range(24)]
    await wait_until(lambda: len(world.model.calls) >= 6)
    await fault(link)
    for event in events:
        await desk.until(event.message_id, "ready")
    assert await world.judge(desk) == []
