import asyncio
from collections.abc import Callable

import httpx
import psycopg
import pytest
from service_devkit.testing.database import Database
from service_kit import idempotency
from service_kit.identity import Role
from service_kit.store import Store
from sqlalchemy import text

pytestmark = pytest.mark.processes
KEY = {"Idempotency-Key": "order 66"}


async def names(store: Store) -> list[str]:
    async with store.worker() as session:
        return list(await session.scalars(text("select body from note order by note_id")))


async def test_created_thing_is_committed_before_the_answer(
    stored: httpx.AsyncClient, store: Store
) -> None:
    response = await stored.post("/api/notes", json={"name": "n"})
    assert response.status_code == 201
    assert await names(store) == ["n"]


async def test_error_rolls_everything_back(stored: httpx.AsyncClient, store: Store) -> None:
    body = {"name": "refused after the row was written"}
    for _ in range(2):
        response = await stored.post("/api/notes", json=body, headers=KEY)
        assert response.status_code == 409
    assert await names(store) == []
    assert (await stored.post("/api/notes", json={"name": "n"}, headers=KEY)).status_code == 201


async def test_failed_commit_is_an_error_and_not_an_answer(
    stored: httpx.AsyncClient, store: Store, note_database: Database
) -> None:
    with psycopg.connect(note_database.admin_url, autocommit=True) as connection:
        connection.execute(
            "create function refuse() returns trigger language plpgsql as"
            " $$ begin raise exception 'refused at commit'; end $$"
        )
        connection.execute(
            "create constraint trigger refuse after insert on note deferrable initially deferred"
            " for each row execute function refuse()"
        )
        try:
            response = await stored.post("/api/notes", json={"name": "n"}, headers=KEY)
        finally:
            connection.execute("drop trigger refuse on note; drop function refuse()")
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert await names(store) == []


async def test_repeated_request_gets_the_first_answer_again(
    stored: httpx.AsyncClient, store: Store
) -> None:
    first = await stored.post("/api/notes", json={"name": "n"}, headers=KEY)
    again = await stored.post("/api/notes", json={"name": "n"}, headers=KEY)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.status_code, again.content) == (201, first.content)
    for header in ("location", "etag", "content-type"):
        assert again.headers[header] == first.headers[header]
    assert await names(store) == ["n"]


async def test_concurrent_duplicates_act_once_and_get_the_same_answer(
    stored: httpx.AsyncClient, store: Store
) -> None:
    responses = await asyncio.gather(
        *(stored.post("/api/notes", json={"name": "n"}, headers=KEY) for _ in range(20))
    )
    assert {response.status_code for response in responses} == {201}
    assert len({response.content for response in responses}) == 1
    assert sum("idempotency-replayed" not in response.headers for response in responses) == 1
    assert await names(store) == ["n"]


async def test_key_of_another_body_route_or_caller_is_422(
    stored: httpx.AsyncClient, token: Callable[..., str]
) -> None:
    await stored.post("/api/notes", json={"name": "n"}, headers=KEY)
    another = {**KEY, "Authorization": f"Bearer {token(subject='bob')}"}
    for response in (
        await stored.post("/api/notes", json={"name": "m"}, headers=KEY),
        await stored.post("/api/notes?x=1", json={"name": "n"}, headers=KEY),
        await stored.post("/api/notes", json={"name": "n"}, headers=another),
    ):
        assert response.status_code == 422
        assert response.json()["type"] == "urn:dramatis:problem:idempotency-key-reused"


async def test_whose_role_was_lowered_is_shown_no_answer_that_the_higher_one_got(
    stored: httpx.AsyncClient, token: Callable[..., str]
) -> None:
    created = await stored.post("/api/notes", json={"name": "n"}, headers=KEY)
    assert created.status_code == 201
    for role, status in ((Role.VIEWER, 403), (Role.EDITOR, 403)):
        lowered = {**KEY, "Authorization": f"Bearer {token(role)}"}
        answer = await stored.post("/api/notes", json={"name": "n"}, headers=lowered)
        assert answer.status_code == status


async def test_workspaces_do_not_share_keys(
    stored: httpx.AsyncClient, token: Callable[..., str]
) -> None:
    other = {**KEY, "Authorization": f"Bearer {token(workspace_id='other')}"}
    first = await stored.post("/api/notes", json={"name": "n"}, headers=KEY)
    second = await stored.post("/api/notes", json={"name": "n"}, headers=other)
    assert second.status_code == 201
    assert second.json() != first.json()
    assert (await stored.get("/api/notes", headers=other)).json()["items"] == [second.json()]


async def test_key_is_forgotten_after_24_hours(stored: httpx.AsyncClient, store: Store) -> None:
    await stored.post("/api/notes", json={"name": "n"}, headers=KEY)
    async with store.worker() as session:
        await session.execute(
            text("update idempotency set created_at = now() - interval '24 hours 1 second'")
        )
    response = await stored.post("/api/notes", json={"name": "m"}, headers=KEY)
    assert response.status_code == 201
    assert await names(store) == ["n", "m"]
    again = await stored.post("/api/notes", json={"name": "m"}, headers=KEY)
    assert again.content == response.content


async def test_prune_removes_only_old_keys(stored: httpx.AsyncClient, store: Store) -> None:
    for key in ("old", "new"):
        await stored.post("/api/notes", json={"name": key}, headers={"Idempotency-Key": key})
    async with store.worker() as session:
        await session.execute(
            text("update idempotency set created_at = now() - interval '2 days' where key='old'")
        )
        await idempotency.prune(session)
        assert list(await session.scalars(text("select key from idempotency"))) == ["new"]


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\tkey", b"caf\xe9"])
async def test_key_must_be_1_to_255_printable_characters(
    stored: httpx.AsyncClient, key: str | bytes
) -> None:
    response = await stored.post("/api/notes", json={"name": "n"}, headers={"Idempotency-Key": key})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_viewer_cannot_create(
    stored: httpx.AsyncClient, store: Store, token: Callable[..., str]
) -> None:
    headers = {"Authorization": f"Bearer {token('viewer')}", **KEY}
    response = await stored.post("/api/notes", json={"name": "n"}, headers=headers)
    assert response.status_code == 403
    assert await names(store) == []


async def test_list_shows_one_workspace(
    stored: httpx.AsyncClient, token: Callable[..., str]
) -> None:
    await stored.post("/api/notes", json={"name": "ours"})
    other = {"Authorization": f"Bearer {token(workspace_id='other')}"}
    assert [note["name"] for note in (await stored.get("/api/notes")).json()["items"]] == ["ours"]
    assert (await stored.get("/api/notes", headers=other)).json() == {"items": [], "next": None}
