"""What names a deleted persona waits for it; what is erased leaves nothing in any table."""

import json
from functools import partial
from uuid import uuid4

import psycopg
import pytest
from following import LATER, persona, step
from persona_contracts import (
    LeadErasedV1,
    PersonaDeletedV1,
    PersonaErasedV1,
    PersonaUndeletedV1,
    WorkspaceErasedV1,
    encode_headers,
    impact_subject,
    state_subject,
    subject_for,
)
from service_devkit.testing.canaries import rows_with, tables_with
from service_devkit.testing.kills import killed_while_erasing
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.clock import utc_now

pytestmark = pytest.mark.processes

STEPS = [
    None,
    *(
        pytest.param(step, marks=pytest.mark.faults)
        for step in ("erase-before-commit", "erase-after-commit")
    ),
]


@pytest.fixture
def rows(followup_database):
    with psycopg.connect(followup_database.admin_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(params=STEPS)
def kills(request, api, rows):
    """Return a block in which the service is killed at a step of the erasure that it begins."""
    return partial(killed_while_erasing, api.process, rows, request.param)


@pytest.fixture
def canary(campaigner):
    """Return a word that stands in nothing of other tests."""
    return f"canaryof{campaigner.workspace_id}"


async def known(campaigner, **values):
    """Return a persona that is known, beside the default one."""
    await campaigner.default(persona(name="Default"))
    anna = persona(**values)
    await campaigner.state("persona", str(anna.persona_id), anna)
    return anna


async def own(campaigner, event):
    """Publish an event as persona-svc does."""
    headers = encode_headers(event, event_id=str(uuid4()), source="urn:test", time=utc_now())
    body = event.model_dump_json().encode()
    await campaigner.js.publish(subject_for(event), body, headers=headers)


async def delete(campaigner, who, revision=2):
    subject = state_subject(campaigner.workspace_id, "persona", str(who.persona_id))
    tombstone = {"deleted": True, "revision": revision}
    await campaigner.js.publish(subject, json.dumps(tombstone).encode())
    event = PersonaDeletedV1(
        workspace_id=campaigner.workspace_id,
        occurred_at=utc_now(),
        persona_id=who.persona_id,
        revision=revision,
        changed_by="tester",
    )
    await own(campaigner, event)
    return event


async def undelete(campaigner, who, revision=3):
    back = who.model_copy(update={"revision": revision})
    event = PersonaUndeletedV1(
        workspace_id=campaigner.workspace_id,
        occurred_at=utc_now(),
        persona=back,
        version=back.version,
        revision=revision,
        changed_by="tester",
    )
    await own(campaigner, event)
    await campaigner.state("persona", str(who.persona_id), back)


async def erased(rows, workspace_id):
    query = "select count(*) from erasure where workspace_id = %s and erased_at is not null"
    await wait_until(lambda: rows.execute(query, [workspace_id]).fetchone() == (1,))


async def settled(rows):
    query = "select count(*) from outbox where published_at is null"
    await wait_until(lambda: rows.execute(query).fetchone() == (0,))


async def test_an_instance_waits_for_its_deleted_persona_and_goes_on_after_the_undelete(campaigner):
    anna = await known(campaigner, persona_name="Anna Berg")
    made = await campaigner.create(step(), step(), ai_persona_id=str(anna.persona_id))
    (instance,) = await campaigner.start(made, lead={"first_name": "Bo"})
    (first,) = await campaigner.requests()
    await delete(campaigner, anna)
    paused = await campaigner.until(instance, "paused")
    assert paused["reason"] == "persona-deleted"
    shown = await campaigner.asked("GET", f"sequences/{made['sequence_id']}")
    assert shown["paused_reason"] == "persona-deleted"
    refused = await campaigner.start(made, expected=409)
    assert refused["type"] == "urn:dramatis:problem:sequence-paused"
    await campaigner.sent(first)
    await undelete(campaigner, anna)
    _, second = await campaigner.requests(2)
    assert "Anna Berg" in second["text"]
    assert second["resolution"]["persona_id"] == str(anna.persona_id)
    shown = await campaigner.asked("GET", f"sequences/{made['sequence_id']}")
    assert shown["paused_reason"] is None


async def test_a_deletion_that_comes_after_the_undelete_pauses_nothing(campaigner, rows):
    anna = await known(campaigner)
    made = await campaigner.create(step(delay=LATER), ai_persona_id=str(anna.persona_id))
    (instance,) = await campaigner.start(made)
    await undelete(campaigner, anna, revision=3)
    query = "select count(*) from persona_mark where persona_id = %s and not deleted"
    await wait_until(lambda: rows.execute(query, [anna.persona_id]).fetchone() == (1,))
    handled = "select count(*) from inbox where consumer = 'followup-svc_on_persona_deleted'"
    count = rows.execute(handled).fetchone()[0]
    await delete(campaigner, anna, revision=2)
    await wait_until(lambda: rows.execute(handled).fetchone()[0] > count)
    assert (await campaigner.instance(instance))["state"] == "active"


async def test_other_sequences_go_on(campaigner):
    anna = await known(campaigner)
    instance = await campaigner.started(step(delay=LATER))
    named = await campaigner.started(step(delay=LATER), ai_persona_id=str(anna.persona_id))
    await delete(campaigner, anna)
    await campaigner.until(named, "paused")
    assert (await campaigner.instance(instance))["state"] == "active"


async def test_an_erased_persona_leaves_nothing_that_it_wrote(campaigner, rows, canary, kills):
    anna = await known(campaigner, persona_name=canary, signature=canary)
    instance = await campaigner.started(
        step(), step(), name="Of Anna", ai_persona_id=str(anna.persona_id), lead_id="lead-of-anna"
    )
    (first,) = await campaigner.requests()
    await campaigner.sent(first)
    await campaigner.requests(2)
    other = await campaigner.started(step(), lead_id="lead-of-other")
    await campaigner.requests(3)
    await settled(rows)
    others = rows_with(rows, other["instance_id"])
    assert tables_with(rows, canary) == {"step", "outbox"}
    await delete(campaigner, anna)
    event = PersonaErasedV1(
        workspace_id=campaigner.workspace_id,
        occurred_at=utc_now(),
        persona_id=anna.persona_id,
        revision=9,
    )
    async with kills():
        await own(campaigner, event)
    await erased(rows, campaigner.workspace_id)
    await settled(rows)
    assert tables_with(rows, canary) == set()
    assert rows_with(rows, other["instance_id"]) == others
    stopped = await campaigner.instance(instance)
    assert (stopped["state"], stopped["reason"]) == ("stopped", "persona-deleted")


async def test_an_erased_lead_leaves_nothing_and_takes_nothing_along(
    campaigner, rows, canary, kills
):
    await known(campaigner)
    lead_id, lead = f"lead-{canary}", {"first_name": canary}
    instance = await campaigner.started(step(), step(), lead_id=lead_id, lead=lead)
    (first,) = await campaigner.requests()
    await campaigner.sent(first)
    await campaigner.requests(2)
    other = await campaigner.started(step(), lead_id="lead-of-other")
    await campaigner.requests(3)
    await campaigner.asked("POST", "suppressions", json={"lead_id": lead_id})
    await settled(rows)
    others = rows_with(rows, other["instance_id"], "lead-of-other")
    assert tables_with(rows, canary) >= {"lead", "instance", "step", "suppression", "outbox"}
    event = LeadErasedV1(workspace_id=campaigner.workspace_id, lead_id=lead_id, erased_at=utc_now())
    async with kills():
        await campaigner.publish(event)
    await erased(rows, campaigner.workspace_id)
    assert tables_with(rows, canary, instance["instance_id"]) == set()
    assert rows_with(rows, other["instance_id"], "lead-of-other") == others


async def test_an_address_that_bounced_is_erased_with_its_lead(campaigner, rows, canary):
    await known(campaigner)
    email = f"{canary}@lead.example".lower()
    await campaigner.asked("POST", "suppressions", json={"email": "other@lead.example"})
    await campaigner.replies("bounces", kind="bounce", lead={"email": email})

    async def is_suppressed():
        found = await campaigner.asked("GET", "suppressions", params={"email": email})
        return found["items"]

    await campaigner.eventually(is_suppressed)
    await settled(rows)
    await campaigner.publish(
        LeadErasedV1(workspace_id=campaigner.workspace_id, lead_id="bounces", erased_at=utc_now())
    )
    await erased(rows, campaigner.workspace_id)
    assert tables_with(rows, email) == set()
    (kept,) = (await campaigner.asked("GET", "suppressions"))["items"]
    assert kept["addresses"] == ["other@lead.example"]


async def test_an_erased_workspace_leaves_nothing_and_takes_nothing_along(
    campaigner, api, connection, rows, canary, kills
):
    neighbour_id = f"{campaigner.workspace_id}-next"
    async with api.client(neighbour_id) as client:
        neighbour = type(campaigner)(neighbour_id, connection, client)
        await neighbour.settings(send_window=None)
        await known(neighbour)
        await neighbour.started(step(), lead_id="theirs")
        await neighbour.requests()
    await known(campaigner)
    await campaigner.started(step(), lead_id=f"lead-{canary}", name=canary)
    await campaigner.requests()
    await campaigner.synced("spring", name=canary)
    await settled(rows)
    others = rows_with(rows, neighbour_id)
    event = WorkspaceErasedV1(workspace_id=campaigner.workspace_id, occurred_at=utc_now())
    async with kills():
        await own(campaigner, event)
    await erased(rows, campaigner.workspace_id)
    assert tables_with(rows, canary) == set()
    found = rows_with(rows, f"{campaigner.workspace_id} ")
    assert {table for table, row in found if "-next" not in row} == {"erasure"}
    assert rows_with(rows, neighbour_id) == others


async def test_the_uses_of_a_persona_are_told_before_it_is_deleted(campaigner):
    anna = await known(campaigner)
    named = {"ai_persona_id": str(anna.persona_id)}
    for name in ("Spring", "Autumn"):
        await campaigner.started(step(delay=LATER), name=name, **named)
    trigger = {"event": "lead.replied", "persona_id": str(anna.persona_id)}
    await campaigner.create(step(), name="Only Anna's", trigger=trigger)
    question = {"workspace_id": campaigner.workspace_id, "persona_id": str(anna.persona_id)}
    answer = await campaigner.connection.request(
        impact_subject("followup"), json.dumps(question).encode(), timeout=HANG_SECONDS
    )
    assert json.loads(answer.data)["uses"] == [
        {"kind": "sequences", "count": 2, "names": ["Autumn", "Spring"]},
        {"kind": "triggers", "count": 1, "names": ["Only Anna's"]},
        {"kind": "instances", "count": 2, "names": []},
    ]
