"""What is erased leaves nothing in any table, and takes nothing of others along."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import psycopg
import pytest
from drafting import persona
from persona_contracts import (
    LeadErasedV1,
    PersonaErasedV1,
    WorkspaceErasedV1,
    encode_headers,
    subject_for,
)
from service_devkit.testing.canaries import rows_with, tables_with
from service_devkit.testing.kills import killed_while_erasing
from service_devkit.testing.waiting import wait_until
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
def rows(draft_database):
    with psycopg.connect(draft_database.admin_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(params=STEPS)
def kills(request, api, rows):
    """Return a block in which the service is killed at a step of the erasure that it begins."""
    return partial(killed_while_erasing, api.process, rows, request.param)


@pytest.fixture
def canary(desk):
    """Return a word that stands in nothing of other tests."""
    return f"canaryof{desk.workspace_id}"


@pytest.fixture
async def drafts(desk, canary):
    """Return an open and an approved draft of one lead, and one of another lead."""
    anna = persona(signature=canary, persona_name=canary)
    await desk.default(anna)
    lead = {"lead_id": f"lead-{canary}", "lead": {"first_name": canary}}
    first = await desk.drafted(message_id=f"1-{canary}", body_text=f"It is {canary}.", **lead)
    assert (await desk.decide(first, "approve")).status_code == 200
    await desk.drafted(message_id=f"2-{canary}", body_text=f"Again {canary}.", **lead)
    await desk.drafted(message_id="other", lead_id="lead-other")
    return anna


async def settled(rows):
    query = "select count(*) from outbox where published_at is null"
    await wait_until(lambda: rows.execute(query).fetchone() == (0,))


async def erased(rows, workspace_id):
    query = "select count(*) from erasure where workspace_id = %s and erased_at is not null"
    await wait_until(lambda: rows.execute(query, [workspace_id]).fetchone() == (1,))


async def send(desk, event):
    headers = {}
    if not isinstance(event, LeadErasedV1):
        headers = encode_headers(event, event_id=str(uuid4()), source="urn:test", time=utc_now())
    await desk.js.publish(subject_for(event), event.model_dump_json().encode(), headers=headers)


async def test_an_erased_persona_leaves_the_replies_and_nothing_that_it_wrote(
    desk, drafts, rows, canary, kills
):
    await settled(rows)
    event = PersonaErasedV1(
        workspace_id=desk.workspace_id,
        occurred_at=utc_now(),
        persona_id=drafts.persona_id,
        revision=9,
    )
    async with kills():
        await send(desk, event)
    await erased(rows, desk.workspace_id)
    assert tables_with(rows, str(drafts.persona_id)) == set()
    found = (await desk.client.get("/api/drafts")).json()["items"]
    by_message = {draft["message_id"]: draft for draft in found}
    assert {name: draft["status"] for name, draft in by_message.items()} == {
        f"1-{canary}": "approved",
        f"2-{canary}": "failed",
        "other": "failed",
    }
    for draft in found:
        written = ("body", "generated_body", "signature", "text", "strategy", "resolution")
        assert [draft[name] for name in written] == [None] * len(written)
        assert draft["citations"] == []
    assert by_message["other"]["error"]["type"] == "persona-erased"
    assert (await desk.decide(by_message["other"], "regenerate")).status_code == 200
    await settled(rows)


async def test_an_erased_lead_leaves_nothing_and_takes_nothing_along(
    desk, drafts, rows, canary, kills
):
    del drafts
    await settled(rows)
    others = rows_with(rows, "lead-other")
    before = utc_now()
    event = LeadErasedV1(workspace_id=desk.workspace_id, lead_id=f"lead-{canary}", erased_at=before)
    async with kills():
        await send(desk, event)
    await erased(rows, desk.workspace_id)
    assert tables_with(rows, f"lead-{canary}", f"1-{canary}", f"2-{canary}") == set()
    assert rows_with(rows, "lead-other") == others
    early, late = before - timedelta(seconds=1), before + timedelta(seconds=1)
    for name, at in (("early", early), ("late", late)):
        await desk.send(
            message_id=f"{name}-{canary}", lead_id=f"lead-{canary}", received_at=at.isoformat()
        )
    await desk.until(f"late-{canary}", "ready")
    assert tables_with(rows, f"early-{canary}") == {"inbox"}


async def test_an_erased_workspace_leaves_nothing_and_takes_nothing_along(
    desk, drafts, rows, canary, neighbour, kills
):
    del drafts
    await settled(rows)
    others = rows_with(rows, neighbour)
    assert others
    event = WorkspaceErasedV1(workspace_id=desk.workspace_id, occurred_at=utc_now())
    async with kills():
        await send(desk, event)
    await erased(rows, desk.workspace_id)
    assert tables_with(rows, canary) == set()
    own = {(table, row) for table, row in rows_with(rows, desk.workspace_id) if "-next" not in row}
    assert {table for table, _ in own} == {"erasure"}
    assert rows_with(rows, neighbour) == others


@pytest.fixture
async def neighbour(desk, api, rows, connection):
    """Return another workspace, in which everything is published."""
    neighbour_id = f"{desk.workspace_id}-next"
    async with api.client(neighbour_id) as client:
        theirs = type(desk)(neighbour_id, connection, client)
        await theirs.default(persona())
        await theirs.drafted(message_id="theirs")
    await settled(rows)
    return neighbour_id
