"""F1 for voice-svc: `kill -9` once the vendor has made an agent and before its id is stored."""

import pytest
from service_devkit.testing.waiting import wait_until
from service_devkit.vendors.elevenlabs import FakeElevenLabs
from voicing import Voices

pytestmark = [pytest.mark.processes, pytest.mark.faults]


@pytest.fixture
def fake(tmp_path):
    with FakeElevenLabs(tmp_path / "fake.log") as server:
        yield server


@pytest.fixture
async def voices(database, nats_url, tmp_path, fake):
    """Return a voice-svc that is not started yet."""
    running = Voices(database("voice_svc"), tmp_path, nats_url, fake)
    yield running
    await running.stop()


async def ready_events(cast):
    """Return the ids of the `voice.agent_ready` events of a workspace, repeats left out."""
    found = set()
    last = (await cast.js.stream_info("VOICE")).state.last_seq
    for sequence in range(1, last + 1):
        message = await cast.js.get_msg("VOICE", sequence)
        if message.subject == f"voice.agent_ready.v1.{cast.workspace_id}":
            found.add(message.headers["ce-id"])
    return found


async def test_an_agent_that_was_made_before_its_process_was_killed_is_adopted(voices, connection):
    cast = voices.cast(connection)
    await voices.start(die_at="agent-made")
    nova = await cast.create()
    await voices.until_dead()
    voices.end_leases()
    await voices.start()
    await voices.until_in_step(cast, [nova])
    assert voices.account(cast, [nova]) == []

    async def told():
        return len(await ready_events(cast)) == 1

    await wait_until(told)
    await cast.client.aclose()
