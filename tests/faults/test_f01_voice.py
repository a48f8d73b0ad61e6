"""F1 for voice-svc: killed at any step and at random, each persona ends with one agent, in step."""

import asyncio

import pytest
from persona_contracts import Voice
from service_devkit.testing.canaries import tables_with
from service_devkit.testing.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.long]

STEPS = [
    "consumer-before-commit",
    "consumer-before-ack",
    "after-claim",
    "agent-secret-made",
    "agent-tool-made",
    "agent-made",
    "agent-pushed",
    "before-commit",
    "after-commit",
    "relay-before-publish",
    "relay-after-publish",
]
ONE_IN_TEN = [
    {"kind": "status", "status": 429, "code": "system_busy", "share": 0.03},
    {"kind": "status", "status": 500, "share": 0.03},
    {"kind": "hang", "after": True, "share": 0.04},
]
"""Calls go wrong; of the last kind it was carried out all the same."""
CONVERGE_SECONDS = 900


async def ready_events(cast):
    """Return the ids of the `voice.agent_ready` events of a workspace, repeats left out."""
    found = set()
    last = (await cast.js.stream_info("VOICE")).state.last_seq
    for sequence in range(1, last + 1):
        message = await cast.js.get_msg("VOICE", sequence)
        if message.subject == f"voice.agent_ready.v1.{cast.workspace_id}":
            found.add(message.headers["ce-id"])
    return found


@pytest.mark.faults
@pytest.mark.parametrize("step", STEPS)
async def test_an_agent_whose_process_is_killed_at_any_step_is_made_once(voices, connection, step):
    async with voices.cast(connection) as cast:
        await voices.start(die_at=step)
        nova = await cast.create()
        await voices.until_dead()
        voices.end_leases()
        await voices.start()
        await voices.until_in_step(cast, [nova])
        assert voices.account(cast, [nova]) == []

        async def is_told():
            return len(await ready_events(cast)) == 1

        await wait_until(is_told)


@pytest.mark.faults
@pytest.mark.parametrize("step", ["after-claim", "before-commit", "after-commit"])
async def test_an_agent_is_removed_whole_though_its_process_is_killed(voices, connection, step):
    async with voices.cast(connection) as cast:
        await voices.start()
        nova = await cast.create()
        await voices.until_in_step(cast, [nova])
        await voices.stop()
        await voices.start(die_at=step)
        await cast.delete(nova)
        await voices.until_dead()
        voices.end_leases()
        await voices.start()
        await voices.until_in_step(cast, [])
        assert voices.account(cast, []) == []


ERASING = ["erase-before-commit", "erase-after-commit"]


@pytest.mark.faults
@pytest.mark.parametrize(
    ("what", "step"),
    [
        *(("persona", step) for step in [*ERASING, "erase-agent-removed"]),
        *(("workspace", step) for step in ERASING),
    ],
)
async def test_an_erasure_leaves_nothing_though_its_process_is_killed(
    voices, connection, step, what
):
    async with voices.cast(connection) as cast:
        await voices.start()
        nova = await cast.create()
        await voices.until_in_step(cast, [nova])
        await voices.stop()
        await voices.start(die_at=step)
        await (cast.erase(nova) if what == "persona" else cast.erase_all())
        await voices.until_dead()
        voices.end_leases()
        await voices.start()
        await wait_until(lambda: not cast.mine())

        def is_done():
            done = "select count(*) from erasure where erased_at is not null"
            return voices.sql(done) == [(1,)]

        await wait_until(is_done)
        assert voices.account(cast, []) == []
        with voices.admin() as admin:
            assert tables_with(admin, str(nova.persona_id)) == set()


def some(voices, number):
    """Return one of the vendor's voices."""
    voice_ids = list(voices.fake.state()["voices"])
    return Voice(provider="elevenlabs", voice_id=voice_ids[number % len(voice_ids)], enabled=True)


@pytest.mark.parametrize(
    ("count", "kills"),
    [
        pytest.param(30, 3, id="30", marks=pytest.mark.faults),
        pytest.param(300, 20, id="300", marks=pytest.mark.faults),
    ],
)
async def test_personas_converge_to_exactly_their_agents_whatever_goes_wrong(
    voices, connection, count, kills
):
    edits, deletions, losses = count // 6, count // 15, count // 30
    fake = voices.fake
    fake.fail(*ONE_IN_TEN)
    async with voices.cast(connection) as cast:
        await voices.start()
        everyone = await asyncio.gather(
            *(
                cast.create(f"Persona {number}", voice=some(voices, number))
                for number in range(count)
            )
        )
        await voices.until_in_step(cast, everyone, CONVERGE_SECONDS)
        assert voices.account(cast, everyone) == []

        deleted, kept = everyone[:deletions], everyone[deletions:]
        agents = {tag: key for key, agent in cast.mine().items() for tag in agent["tags"]}
        for who in kept[edits : edits + losses]:
            fake.delete("agents", agents[f"persona:{who.persona_id}"])
        for who in deleted:
            await cast.delete(who)
        for number in range(edits):
            voice = some(voices, number + 1)
            kept[number] = await cast.edit(kept[number], greeting="Good day.", voice=voice)
        for number in range(kills):
            await asyncio.sleep(number / kills)
            await voices.kill()
            await voices.start()
        # What was removed behind our back is seen when an agent is compared.
        await cast.client.post("/api/agents/update", json={})
        await wait_until(lambda: voices.account(cast, kept) == [], CONVERGE_SECONDS)
        await voices.until_in_step(cast, kept, CONVERGE_SECONDS)
        assert voices.account(cast, kept) == []
    assert fake.state()["violations"] == []
