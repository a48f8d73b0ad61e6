"""What a deletion would touch is told before it happens; who does not answer is named."""

import asyncio

import nats
import pytest
from persona_contracts import PersonaImpactV1, PersonaUse, PersonaUsesV1

MATCH_ANY = {"If-Match": "*"}


@pytest.fixture
async def answers(nats_url):
    """Return a function that lets a service answer, in place of the real one."""
    connection = await nats.connect(nats_url)

    async def answer(service, uses):
        asked = []

        async def respond(message):
            asked.append(PersonaImpactV1.model_validate_json(message.data))
            await message.respond(uses.model_dump_json().encode())

        await connection.subscribe(f"rpc.persona.impact.v1.{service}", service, respond)
        await connection.flush()
        return asked

    yield answer
    await connection.close()


async def impact(client, persona):
    answer = await client.get(f"/api/personas/{persona['persona_id']}/impact")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_campaigns_children_and_the_default_are_named(admin, viewer, create, feed):
    anna = await create("Anna")
    for number in range(12):
        await create(f"Child {number:02}", parent_id=anna["persona_id"])
    for campaign_id in ("spring", "autumn"):
        await feed.synced(campaign_id, name=campaign_id.title())
        body = {"persona_id": anna["persona_id"], "channel": "email"}
        await admin.put(f"/api/campaigns/{campaign_id}/persona", json=body)
    found = await impact(viewer, anna)
    assert found["is_default"]
    assert found["persona_id"] == anna["persona_id"]
    campaigns, children = found["uses"]
    assert campaigns == {"kind": "campaigns", "count": 2, "names": ["Autumn", "Spring"]}
    assert (children["kind"], children["count"]) == ("children", 12)
    assert children["names"] == [f"Child {number:02}" for number in range(10)]


async def test_services_are_asked_and_those_that_do_not_answer_are_unknown_not_zero(
    viewer, create, answers, workspace_id
):
    anna = await create("Anna")
    silent = await impact(viewer, anna)
    assert silent["unknown"] == ["followup", "ingest", "voice"]
    assert {use["kind"] for use in silent["uses"]} == {"campaigns", "children"}
    asked = await answers(
        "followup", PersonaUsesV1(uses=[PersonaUse(kind="sequences", count=2, names=["A", "B"])])
    )
    await answers("ingest", PersonaUsesV1(error="database-unavailable"))
    found = await impact(viewer, anna)
    assert found["unknown"] == ["ingest", "voice"]
    assert {"kind": "sequences", "count": 2, "names": ["A", "B"]} in found["uses"]
    (question,) = asked
    assert (question.workspace_id, str(question.persona_id)) == (workspace_id, anna["persona_id"])


async def test_services_are_asked_side_by_side(viewer, create, nats_url):
    anna = await create("Anna")
    connection = await nats.connect(nats_url)
    followup = await connection.subscribe("rpc.persona.impact.v1.followup")
    ingest = await connection.subscribe("rpc.persona.impact.v1.ingest")
    voice = await connection.subscribe("rpc.persona.impact.v1.voice")
    await connection.flush()
    asking = asyncio.create_task(impact(viewer, anna))
    questions = [await subscription.next_msg(60) for subscription in (followup, ingest, voice)]
    for question in questions:  # none is answered before both are asked
        await question.respond(PersonaUsesV1().model_dump_json().encode())
    found = await asking
    await connection.close()
    assert found["unknown"] == []


async def test_the_impact_of_nobody_is_404(viewer):
    path = "/api/personas/01890000-0000-7000-8000-000000000000/impact"
    assert (await viewer.get(path)).status_code == 404
