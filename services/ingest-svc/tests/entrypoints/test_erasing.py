"""What a deleted persona knows is hidden at once, back after an undelete, and erased for good."""

import gzip
import json
from functools import partial

import psycopg
import pytest
from persona_contracts import LeadErasedV1, WorkspaceErasedV1, impact_subject
from service_devkit.testing.canaries import rows_with, tables_with, tenant_tables
from service_devkit.testing.kills import killed_while_erasing
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.clock import utc_now

pytestmark = pytest.mark.processes

KILLED_AT = (
    "erase-after-end",
    "erase-after-content",
    "erase-after-original",
    "erase-after-documents",
    "erase-before-commit",
    "erase-after-commit",
)
STEPS = [None, *(pytest.param(step, marks=pytest.mark.faults) for step in KILLED_AT)]


@pytest.fixture
def canary(shelf):
    """Return a word that stands in nothing of other tests."""
    return f"canaryof{shelf.workspace_id}"


@pytest.fixture
def other(shelf):
    return f"otherof{shelf.workspace_id}"


@pytest.fixture
def rows(ingest_database):
    with psycopg.connect(ingest_database.admin_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(params=STEPS)
def kills(request, api, rows):
    """Return a block in which the service is killed at a step of the erasure that it begins."""
    return partial(killed_while_erasing, api.process, rows, request.param)


async def fill(shelf, name, canary):
    """Return a persona that knows two files, in two versions and with a repeat, and one bad one."""
    who = await shelf.persona(name=name, tone=canary)
    await shelf.add(who, f"{canary}.txt", f"The {canary} is told by the first file.".encode())
    event = await shelf.announce(who, f"{canary}.md", f"# The {canary}\n\nAn old text.".encode())
    await shelf.settled(who, event.file_id)
    later = {"file_id": event.file_id, "tags": [canary]}
    await shelf.announce(who, f"{canary}.md", f"# The {canary}\n\nA new text.".encode(), **later)

    async def is_new():
        file = await shelf.get(who, event.file_id)
        return (file["status"], file["tags"]) == ("ready", [canary])

    await wait_until(is_new)
    await shelf.add(who, f"bad-{canary}.pdf", f"%PDF-1.7 {canary}".encode())
    return who


def originals_of(data_dir, workspace_id):
    folder = data_dir / "originals" / workspace_id
    return {path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def erased(rows, workspace_id, kind):
    query = (
        "select count(*) from erasure where workspace_id = %s and kind = %s and erased_at < now()"
    )
    await wait_until(lambda: rows.execute(query, [workspace_id, kind]).fetchone() == (1,))


async def settled(rows):
    """Wait until nothing is on its way: work, events."""
    queries = [
        "select count(*) from outbox where published_at is null",
        "select count(*) from document where due_at is not null",
        "select count(*) from content where due_at is not null",
    ]
    await wait_until(lambda: all(rows.execute(query).fetchone() == (0,) for query in queries))


async def test_what_a_deleted_persona_knows_is_hidden_at_once_and_back_after_an_undelete(
    shelf, canary
):
    anna = await fill(shelf, "Anna", canary)
    listed = (await shelf.client.get(shelf.path(anna))).json()["items"]
    found = await shelf.texts(anna, canary)
    assert len(found) == 2
    await shelf.delete(anna)
    path = f"/api/personas/{anna.persona_id}/knowledge/search"
    assert (await shelf.client.post(path, json={"query": canary})).status_code == 404
    assert await shelf.ask(anna, canary) == {"error": "persona-not-found"}
    for file in listed:
        assert (await shelf.client.get(shelf.path(anna, f"/{file['file_id']}"))).status_code == 404
    await shelf.undelete(anna)
    assert await shelf.texts(anna, canary) == found
    assert (await shelf.client.get(shelf.path(anna))).json()["items"] == listed


async def test_a_file_that_came_while_its_persona_was_deleted_is_read_after_the_undelete(shelf):
    anna = await shelf.persona()
    await shelf.delete(anna)
    event = await shelf.announce(anna, content=b"It came in between.")
    (failed,) = await shelf.events("failed")
    assert failed["error"]["code"] == "persona_unknown"
    await shelf.undelete(anna)
    await shelf.events("ready")
    assert (await shelf.settled(anna, event.file_id))["status"] == "ready"


async def test_an_erased_persona_leaves_nothing_and_takes_nothing_along(
    shelf, rows, data_dir, canary, other, kills
):
    kim = await fill(shelf, "Kim", other)
    anna = await fill(shelf, "Anna", canary)
    await settled(rows)
    texts = await shelf.texts(kim, other)
    others, files = rows_with(rows, other), originals_of(data_dir, shelf.workspace_id)
    assert tables_with(rows, canary, str(anna.persona_id)) >= {
        *("document", "content", "chunk", "knowledge", "outbox")
    }
    await shelf.delete(anna)
    async with kills():
        await shelf.erase_persona(anna)
    await erased(rows, shelf.workspace_id, "persona")
    assert tables_with(rows, canary, str(anna.persona_id)) == set()
    await settled(rows)
    assert rows_with(rows, other) == others
    left = originals_of(data_dir, shelf.workspace_id)
    assert left == {content for content in files if canary.encode() not in content}
    assert left
    assert await shelf.texts(kim, other) == texts
    (points,) = rows.execute("select coalesce(sum(chunk_count), 0) from content").fetchone()
    assert points == rows.execute("select count(*) from chunk").fetchone()[0]


async def test_an_erased_workspace_leaves_nothing_and_takes_nothing_along(
    shelf, rows, data_dir, neighbour, canary, kills
):
    await fill(shelf, "Anna", canary)
    await settled(rows)
    others, files = rows_with(rows, neighbour), originals_of(data_dir, neighbour)
    assert tables_with(rows, f"{shelf.workspace_id} |") >= tenant_tables(rows) - {
        "idempotency",
        "erasure",
    }
    orphan = data_dir / "originals" / shelf.workspace_id / "orphan" / "key"
    orphan.parent.mkdir(parents=True)
    orphan.write_text(canary)
    event = WorkspaceErasedV1(workspace_id=shelf.workspace_id, occurred_at=utc_now())
    async with kills():
        await shelf.publish_own(event)
    await erased(rows, shelf.workspace_id, "workspace")
    assert tables_with(rows, canary) == set()
    assert tables_with(rows, f"{shelf.workspace_id} |") == {"erasure"}
    assert originals_of(data_dir, shelf.workspace_id) == set()
    assert rows_with(rows, neighbour) == others
    assert originals_of(data_dir, neighbour) == files


@pytest.fixture
async def neighbour(api, shelf, rows, connection, data_dir, other):
    """Return another workspace, in which everything is settled."""
    neighbour_id = f"{shelf.workspace_id}-other"
    async with api.client(neighbour_id) as client:
        await fill(type(shelf)(neighbour_id, connection, client, data_dir), "Kim", other)
    await settled(rows)
    return neighbour_id


async def test_an_announcement_from_before_the_erasure_brings_nothing_back(shelf, rows):
    anna = await shelf.persona()
    early = utc_now().isoformat()
    await shelf.publish_own(
        WorkspaceErasedV1(workspace_id=shelf.workspace_id, occurred_at=utc_now())
    )
    await erased(rows, shelf.workspace_id, "workspace")
    late = await shelf.announce(anna, content=b"Sent before.", uploaded_at=early)
    after = await shelf.announce(anna, content=b"Sent after.")
    assert (await shelf.settled(anna, after.file_id))["status"] == "ready"
    assert (await shelf.client.get(shelf.path(anna, f"/{late.file_id}"))).status_code == 404


async def test_of_a_lead_not_even_the_id_of_its_erasure_is_left(shelf, rows, canary):
    await shelf.publish(
        LeadErasedV1(workspace_id=shelf.workspace_id, lead_id=f"lead-{canary}", erased_at=utc_now())
    )
    await erased(rows, shelf.workspace_id, "lead")
    assert tables_with(rows, f"lead-{canary}") == set()


async def test_the_snapshot_of_personas_holds_no_erased_one(shelf, api, data_dir, canary):
    anna = await shelf.persona(tone=canary)
    await shelf.delete(anna)
    api.process.restart()
    snapshot = gzip.decompress((data_dir / "ingest-svc-roster.jsonl.gz").read_bytes())
    assert shelf.workspace_id.encode() in snapshot
    assert canary.encode() not in snapshot


async def test_the_files_of_a_persona_are_told_before_it_is_deleted(shelf):
    anna = await shelf.persona()
    for number in range(12):
        await shelf.post(anna, (f"{number}.txt", f"Text {number}".encode()))
    question = {"workspace_id": shelf.workspace_id, "persona_id": str(anna.persona_id)}
    answer = await shelf.connection.request(
        impact_subject("ingest"), json.dumps(question).encode(), timeout=HANG_SECONDS
    )
    names = [f"{number}.txt" for number in range(10)]
    assert json.loads(answer.data) == {"uses": [{"kind": "files", "count": 12, "names": names}]}
