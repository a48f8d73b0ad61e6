"""What is erased leaves nothing in any table, and takes nothing of others along."""

import asyncio
from functools import partial

import nats
import psycopg
import pytest
from persona_contracts import LeadErasedV1, WorkspaceErasedV1, encode_headers, subject_for
from service_devkit.testing.canaries import rows_with, tables_with, tenant_tables
from service_devkit.testing.kills import killed_while_erasing
from service_devkit.testing.waiting import wait_until
from service_kit.clock import utc_now

MATCH_ANY = {"If-Match": "*"}
CANARY = "canary-of-anna"
OTHER = "canary-of-kim"
TEXTS = ("persona_name", "display_name", "description", "tone", "greeting", "sms_greeting")
MARKS = {"erasure", "state_document", "workspace", "api_key"}
"""What says that something was erased, and keeps the counter; without a word of it."""
WITHOUT_TEXT = {"erasure", "inbox", "assignment", "prompt_head", "prompt_activation"}
STEPS = [
    None,
    *(
        pytest.param(step, marks=pytest.mark.faults)
        for step in ("erase-before-commit", "erase-after-commit")
    ),
]


@pytest.fixture
def rows(persona_database):
    with psycopg.connect(persona_database.admin_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(params=STEPS)
def kills(request, api, rows):
    """Return a block in which the service is killed at a step of the erasure that it begins."""
    return partial(killed_while_erasing, api.process, rows, request.param)


@pytest.fixture
def fill(create, admin, feed):
    """Return a function that uses a persona everywhere, with a canary in every text."""

    async def filled(name, canary):
        persona = await create(name, **dict.fromkeys(TEXTS, canary), signature=canary)
        path = f"/api/personas/{persona['persona_id']}"
        for text in ("goals", "service_description", "content"):
            await admin.patch(path, json={text: canary}, headers=MATCH_ANY)
        await admin.patch(path, json={"metadata": {"note": canary}}, headers=MATCH_ANY)
        await feed.synced(f"campaign-{name}", name=f"Campaign {canary}")
        await admin.put(
            f"/api/campaigns/campaign-{name}/persona", json={"persona_id": persona["persona_id"]}
        )
        clone = {"name": f"{name} {canary}"}
        key = {"Idempotency-Key": f"clone-{canary}"}
        answer = await admin.post(f"{path}/clone", json=clone, headers=key)
        assert answer.status_code == 201, answer.text
        await fail_a_gate(admin, path, canary)
        return persona, answer.json()

    return filled


async def fail_a_gate(admin, path, canary):
    """Leave a version of a prompt that has not passed, for a reason."""
    await admin.patch(path, json={"prompt_gate": True}, headers=MATCH_ANY)
    body = {"content": f"{canary}, again"}
    saved = (await admin.post(f"{path}/prompts/rag/main/versions", json=body)).json()
    gate = f"{path}/prompts/versions/{saved['version']['version_id']}/gate"
    failed = await admin.post(gate, json={"outcome": "failed", "why": canary})
    assert failed.status_code == 200, failed.text


def others_rows(rows):
    """Return what others have; of their workspace's row the counter rises."""
    found = rows_with(rows, OTHER)
    return {(table, row): count for (table, row), count in found.items() if table != "workspace"}


def make_due(rows, persona_id):
    rows.execute("update erasure set due_at = now() where subject_id = %s", [persona_id])
    rows.execute("select pg_notify('dramatis_work', '')")


async def delete(admin, persona_id):
    answer = await admin.delete(f"/api/personas/{persona_id}", headers=MATCH_ANY)
    assert answer.status_code == 204, answer.text


async def erased(rows, subject_id):
    query = "select count(*) from erasure where subject_id = %s"
    await wait_until(lambda: rows.execute(query, [subject_id]).fetchone() == (0,))


async def test_an_erased_persona_leaves_nothing_in_any_table(
    rows, fill, create, admin, feed, kills
):
    kim = await create("Kim", tone=OTHER, signature=OTHER)
    anna, clone = await fill("Anna", CANARY)
    await feed.synced("campaign-Anna", minute=1, name="Anna's")
    assert tables_with(rows, CANARY) >= {"persona", "persona_version", "outbox", "state_document"}
    await feed.published()
    others = others_rows(rows)
    for persona in (anna, clone):
        await delete(admin, persona["persona_id"])
        async with kills():
            make_due(rows, persona["persona_id"])
        await erased(rows, persona["persona_id"])
    assert tables_with(rows, CANARY) == set()
    assert others_rows(rows) == others
    assert tables_with(rows, anna["persona_id"]) <= {"audit", "state_document", "outbox"}
    await feed.published()
    assert await feed.state("persona", anna["persona_id"]) is None
    events = await feed.events("persona.erased")
    assert [item["persona_id"] for item in events] == [anna["persona_id"], clone["persona_id"]]
    assert (await admin.post(f"/api/personas/{anna['persona_id']}/undelete")).status_code == 404
    assert (await admin.get("/api/personas/deleted")).json()["items"] == []
    (left,) = (await admin.get("/api/personas")).json()["items"]
    assert left["persona_id"] == kim["persona_id"]


@pytest.fixture
async def neighbour(api, open_feed, workspace_id):
    """Return another workspace, in which everything is published."""
    neighbour_id = f"{workspace_id}-other"
    async with api.client(neighbour_id) as client:
        await client.post("/api/personas", json={"name": "Kim", "tone": OTHER})
        await client.put("/api/workspace/settings", json={"ideal_customer_profile": OTHER})
    async with open_feed(neighbour_id) as feed:
        await feed.published()
    return neighbour_id


@pytest.mark.usefixtures("neighbour")
async def test_an_erased_workspace_leaves_its_counter_and_tombstones(
    rows, fill, admin, feed, send, kills
):
    workspace_id, neighbour = feed.workspace_id, f"{feed.workspace_id}-other"
    await fill("Anna", CANARY)
    await admin.put("/api/workspace/settings", json={"ideal_customer_profile": CANARY})
    await admin.post("/api/keys", json={"name": CANARY, "role": "viewer"})
    template = {"title": CANARY, "system": CANARY, "rag": CANARY, "user": CANARY}
    await admin.put("/api/prompt-templates/own", json=template)
    await admin.put("/api/workspace/models", json={"allowed": [CANARY]})
    before = (await admin.get("/api/workspace/settings")).json()["revision"]
    await feed.published()
    others = rows_with(rows, neighbour)
    assert tables_with(rows, CANARY) >= tenant_tables(rows) - WITHOUT_TEXT
    async with kills():
        await send(workspace_erased(workspace_id))
    await wait_until(lambda: tables_with(rows, CANARY) == set())
    await feed.published()
    assert rows_with(rows, neighbour) == others
    own = f"{workspace_id} |"
    assert {table for table, row in rows_with(rows, own) if own in row} <= MARKS
    assert await feed.state("workspace", workspace_id) is None
    assert (await admin.get("/api/workspace/settings")).json()["revision"] > before
    kim = (await admin.post("/api/personas", json={"name": "Kim"})).json()
    await feed.published()
    assert (await feed.state("persona", kim["persona_id"]))["revision"] > before


async def test_a_campaign_event_from_before_the_erasure_brings_nothing_back(
    rows, feed, send, workspace_id, admin
):
    await feed.synced("before-the-erasure")
    await send(workspace_erased(workspace_id))
    await wait_until(lambda: tables_with(rows, "before-the-erasure") == set())
    await feed.synced("told-too-late", minute=1)
    assert (await admin.get("/api/campaigns")).json()["items"] == []


async def test_of_a_lead_not_even_the_id_of_its_erasure_is_left(rows, send, api, workspace_id):
    del api
    lead_id = f"lead-{CANARY}"
    event = LeadErasedV1(workspace_id=workspace_id, lead_id=lead_id, erased_at=utc_now())
    await send(event)
    mark = "select erased_at from erasure where workspace_id = %s and kind = 'lead'"
    await wait_until(lambda: (rows.execute(mark, [workspace_id]).fetchone() or (None,))[0])
    assert tables_with(rows, lead_id) == set()


async def test_of_an_erasure_and_an_undelete_one_wins(rows, create, admin, feed):
    await create("Default")
    personas = [await create(f"Persona {number}") for number in range(20)]
    for persona in personas:
        await admin.delete(f"/api/personas/{persona['persona_id']}", headers=MATCH_ANY)

    async def undelete(number, persona):
        await asyncio.sleep(number / 500)
        return await admin.post(f"/api/personas/{persona['persona_id']}/undelete")

    rows.execute("update erasure set due_at = now() where subject_id is not null")
    rows.execute("select pg_notify('dramatis_work', '')")
    answers = await asyncio.gather(*(undelete(*item) for item in enumerate(personas)))
    rest = "select count(*) from erasure where subject_id is not null"
    await wait_until(lambda: rows.execute(rest).fetchone() == (0,))
    won = {p["persona_id"] for p, a in zip(personas, answers, strict=True) if a.status_code == 200}
    lost = {p["persona_id"] for p, a in zip(personas, answers, strict=True) if a.status_code == 404}
    assert len(won) + len(lost) == len(personas)
    assert {event["persona_id"] for event in await feed.events("persona.erased")} == lost
    back = {event["persona"]["persona_id"] for event in await feed.events("persona.undeleted")}
    assert back == won
    alive = (await admin.get("/api/personas", params={"limit": 100})).json()["items"]
    assert {item["persona_id"] for item in alive if item["name"] != "Default"} == won


@pytest.fixture
async def send(nats_url):
    connection = await nats.connect(nats_url)

    async def sent(event):
        headers = {}
        if isinstance(event, WorkspaceErasedV1):
            event_id = f"erase-{event.workspace_id}"
            headers = encode_headers(
                event, event_id=event_id, source="urn:test", time=event.occurred_at
            )
        body = event.model_dump_json().encode()
        await connection.jetstream().publish(subject_for(event), body, headers=headers)

    yield sent
    await connection.close()


def workspace_erased(workspace_id):
    return WorkspaceErasedV1(workspace_id=workspace_id, occurred_at=utc_now())
