"""F3, F5, F6 for voice-svc: broker, database and vendor away or cut off; agents follow after it."""

import asyncio
from urllib.parse import urlsplit

import nats as nats_client
import pytest
from link_faults import cut_twice, half_open, slow_down, stall
from service_devkit.testing.database import Databases
from service_devkit.testing.fault_link import FaultLink
from service_kit.topology import apply_streams

pytestmark = [pytest.mark.processes, pytest.mark.faults]


async def test_agents_follow_after_broker_and_database_were_killed_and_the_vendor_was_away(
    new_voices, fresh_postgres, fresh_nats, fake
):
    connection = await nats_client.connect(
        fresh_nats.url, max_reconnect_attempts=-1, reconnect_time_wait=0.2
    )
    await apply_streams(connection.jetstream())
    voices = new_voices(Databases(fresh_postgres).new("voice_svc"), fresh_nats.url)
    async with voices.cast(connection) as cast:
        await voices.start()
        personas = [await cast.create(f"Persona {number}") for number in range(10)]
        await asyncio.to_thread(fresh_postgres.kill)
        await asyncio.to_thread(fresh_postgres.start)
        personas = [await cast.edit(who, greeting="Hello.") for who in personas]
        await asyncio.to_thread(fresh_nats.kill)
        await asyncio.to_thread(fresh_nats.start)
        fake.fail({"kind": "hang"})
        personas[0] = await cast.edit(personas[0], greeting="Good day.")
        await asyncio.sleep(3)  # some attempts fail
        fake.fail()
        await voices.until_in_step(cast, personas)
        assert voices.account(cast, personas) == []
    await connection.close()


@pytest.fixture
def ports(nats_url, postgres, fake):
    return {"nats": urlsplit(nats_url).port, "postgres": postgres.port, "vendor": fake.port}


@pytest.mark.parametrize("fault", [stall, cut_twice, slow_down, half_open])
@pytest.mark.parametrize("peer", ["nats", "postgres", "vendor"])
async def test_each_agent_is_made_once_through(
    new_voices, database, connection, ports, peer, fault
):
    own = database("voice_svc")
    async with FaultLink(ports[peer]) as link:
        behind = {
            "nats": {"DRAMATIS_NATS_URL": f"nats://127.0.0.1:{link.port}"},
            "postgres": {"DRAMATIS_DATABASE_URL": own.login_url_by(link.port)},
            "vendor": {"DRAMATIS_VOICE_ELEVENLABS_BASE_URL": f"http://127.0.0.1:{link.port}"},
        }
        voices = new_voices(own, f"nats://127.0.0.1:{ports['nats']}", **behind[peer])
        async with voices.cast(connection) as cast:
            await voices.start()
            personas = [await cast.create(f"Persona {number}") for number in range(20)]
            await fault(link)
            personas[0] = await cast.edit(personas[0], greeting="Good day.")
            await voices.until_in_step(cast, personas)
            assert voices.account(cast, personas) == []
        await voices.stop()
