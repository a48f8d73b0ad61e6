"""A user's own conversations: begun, listed, renamed, deleted, and nobody else's."""

from uuid import uuid4

import psycopg
import pytest
from chat_svc.usecases.purge_conversations import purge_conversations
from chatting import persona
from persona_contracts import PersonaErasedV1, WorkspaceErasedV1
from service_devkit.testing.canaries import tables_with
from service_devkit.testing.waiting import wait_until
from service_kit.clock import utc_now
from service_kit.store import Store


async def titles(client):
    return [each["title"] for each in (await client.get("/api/conversations")).json()["items"]]


async def test_a_conversation_is_begun_listed_renamed_and_deleted(room):
    anna = await room.cast(persona())
    made = await room.begin(anna, title="Prices")
    path = f"/api/conversations/{made['conversation_id']}"
    assert (made["title"], made["persona_name"], made["message_count"]) == ("Prices", "Anna", 0)
    assert await titles(room.client) == ["Prices"]
    renamed = await room.client.patch(
        path, json={"title": " Bicycles "}, headers={"If-Match": '"1"'}
    )
    assert (renamed.json()["title"], renamed.headers["etag"]) == ("Bicycles", '"2"')
    outdated = await room.client.patch(path, json={"title": "x"}, headers={"If-Match": '"1"'})
    assert outdated.status_code == 412
    assert (await room.client.delete(path)).json() == {"success": True}
    assert await titles(room.client) == []
    assert (await room.client.delete(path)).status_code == 404


async def test_the_list_comes_in_pages_newest_first(room):
    anna = await room.cast(persona())
    for number in range(5):
        await room.begin(anna, title=f"t{number}")
    first = (await room.client.get("/api/conversations?limit=3")).json()
    assert [each["title"] for each in first["items"]] == ["t4", "t3", "t2"]
    rest = (await room.client.get(f"/api/conversations?limit=3&after={first['next']}")).json()
    assert [each["title"] for each in rest["items"]] == ["t1", "t0"]
    assert rest["next"] is None


async def test_a_conversation_is_its_users_alone(room):
    anna = await room.cast(persona())
    made = await room.begin(anna, title="Mine")
    other = await room.person(role="admin", subject="somebody-else")
    assert await titles(other) == []
    path = f"/api/conversations/{made['conversation_id']}"
    assert (await other.patch(path, json={"title": "x"})).status_code == 404
    assert (await other.delete(path)).status_code == 404


async def test_a_persona_that_is_not_there_begins_no_conversation(room):
    answer = await room.client.post(f"/api/chat/{uuid4()}/conversations", json={})
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:dramatis:problem:persona-not-found"


async def test_what_is_kept_of_a_persona_and_of_a_workspace_is_erased(room):
    anna, bert = await room.cast(persona()), await room.cast(persona("Bert", 2))
    await room.begin(anna, title="with Anna")
    await room.begin(bert, title="with Bert")
    now = utc_now()
    await room.tell(
        PersonaErasedV1(
            workspace_id=room.workspace_id, persona_id=anna.persona_id, revision=3, occurred_at=now
        )
    )

    async def only_bert():
        return await titles(room.client) == ["with Bert"]

    await wait_until(only_bert)
    await room.tell(WorkspaceErasedV1(workspace_id=room.workspace_id, occurred_at=now))

    async def nothing():
        return await titles(room.client) == []

    await wait_until(nothing)


USERS = "/api/user-conversations"
CANARY = "canaryofprivatewords"


async def test_an_admin_sees_that_conversations_exist_and_no_word_of_them(room):
    anna = await room.cast(persona())
    heard = await room.say(anna, f"My {CANARY}.")
    admin = await room.person(role="admin", subject="boss")
    answer = await admin.get(USERS)
    (shown,) = answer.json()["items"]
    assert (shown["conversation_id"], shown["user_id"]) == (heard.thread_id, "tester")
    assert (shown["persona_id"], shown["message_count"]) == (str(anna.persona_id), 2)
    assert CANARY not in answer.text
    assert (await admin.get(f"{USERS}?user_id=nobody")).json()["items"] == []
    for path in ("", "/messages", "/export", "/stream"):
        seen = await admin.get(f"/api/conversations/{heard.thread_id}{path}")
        assert seen.status_code == 404
    found = await admin.get(f"/api/conversations/search?query={CANARY}")
    assert found.json()["items"] == []


@pytest.mark.parametrize("role", ["viewer", "editor"])
async def test_who_is_no_admin_sees_and_erases_nothing_of_others(room, role):
    other = await room.person(role=role, subject="somebody-else")
    assert (await other.get(USERS)).status_code == 403
    assert (await other.delete(f"{USERS}?user_id=tester")).status_code == 403


async def test_a_users_conversations_are_erased_and_nobody_elses(room, chat_database):
    canary = f"canary{uuid4().hex}"
    anna = await room.cast(persona())
    other = await room.person(subject="somebody-else")
    gone = await room.say(anna, f"My {canary}.")
    hidden = await room.say(anna, f"And my {canary}.")
    await room.client.delete(f"/api/conversations/{hidden.thread_id}")
    kept = await room.say(anna, "Mine stays.", client=other)
    admin = await room.person(role="admin", subject="boss")
    assert (await admin.delete(f"{USERS}?user_id=tester")).status_code == 204
    assert await titles(room.client) == []
    assert await titles(other) == ["Mine stays."]
    with psycopg.connect(chat_database.admin_url, autocommit=True) as rows:
        assert tables_with(rows, canary) == set()
        for thread_id in (gone.thread_id, hidden.thread_id):
            assert tables_with(rows, thread_id) == set()
        assert "message" in tables_with(rows, kept.thread_id)
    assert (await admin.delete(f"{USERS}?user_id=tester")).status_code == 204


async def test_a_deleted_conversation_is_hidden_for_30_days_and_then_gone(room, chat_database):
    anna = await room.cast(persona())
    old, young = [await room.say(anna, f"Number {number}") for number in range(2)]
    for each in (old, young):
        await room.client.delete(f"/api/conversations/{each.thread_id}")
    with psycopg.connect(chat_database.admin_url, autocommit=True) as rows:
        rows.execute(
            "update conversation set deleted_at = now() - interval '31 days'"
            " where conversation_id = %s",
            [old.thread_id],
        )
        store = Store(chat_database.login_url, "chat-svc")
        await purge_conversations(store)
        await store.close()
        assert tables_with(rows, old.thread_id) & {"conversation", "message"} == set()
        assert {"conversation", "message"} <= tables_with(rows, young.thread_id)
