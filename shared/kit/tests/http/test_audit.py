"""A write stands in the audit trail in the transaction of the change, or neither is there."""

from uuid import uuid4

import httpx
import pytest

BAD_NAME = "refused after the row was written"


async def trail(client: httpx.AsyncClient, **asked: str) -> list[dict[str, object]]:
    return (await client.get("/api/audit", params=asked)).json()["items"]


async def test_what_was_created_is_named_with_who_did_it(stored: httpx.AsyncClient) -> None:
    name = str(uuid4())
    made = await stored.post("/api/notes", json={"name": name})
    (entry,) = await trail(stored, entity_id=made.json()["note_id"])
    assert (entry["actor"], entry["role"]) == ("ann", "admin")
    assert (entry["entity"], entry["action"]) == ("note", "note.create")
    assert entry["after_version"] == 1
    assert name not in str(entry)


async def test_what_was_refused_leaves_no_row(stored: httpx.AsyncClient) -> None:
    before = await trail(stored)
    answer = await stored.post("/api/notes", json={"name": BAD_NAME})
    assert answer.status_code == 409
    assert await trail(stored) == before


async def test_a_repeat_that_is_answered_again_leaves_one_row(stored: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    first, second = [
        await stored.post("/api/notes", json={"name": "once"}, headers=headers) for _ in range(2)
    ]
    assert first.json() == second.json()
    assert len(await trail(stored, entity_id=first.json()["note_id"])) == 1


async def test_reading_leaves_no_row(stored: httpx.AsyncClient) -> None:
    before = await trail(stored)
    await stored.get("/api/notes")
    assert await trail(stored) == before


async def test_the_trail_comes_in_pages_and_as_lines(stored: httpx.AsyncClient) -> None:
    made = [
        (await stored.post("/api/notes", json={"name": str(n)})).json()["note_id"] for n in range(3)
    ]
    page = (await stored.get("/api/audit", params={"limit": 2})).json()
    assert [each["entity_id"] for each in page["items"]] == made[:0:-1]
    rest = (await stored.get("/api/audit", params={"limit": 2, "after": page["next"]})).json()
    assert rest["items"][0]["entity_id"] == made[0]
    lines = (await stored.get("/api/audit/export")).text.splitlines()
    assert len(lines) >= 3


@pytest.mark.parametrize(
    "asked", [{"actor": "bob"}, {"action": "x"}, {"until": "2020-01-01T00:00:00Z"}]
)
async def test_filters_leave_out(stored: httpx.AsyncClient, asked: dict[str, str]) -> None:
    await stored.post("/api/notes", json={"name": "one"})
    assert await trail(stored, **asked) == []
