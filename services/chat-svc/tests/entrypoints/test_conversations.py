"""A user's own conversations: begun, listed, renamed, deleted, and nobody else's."""

from uuid import uuid4

from chatting import persona
from persona_contracts import PersonaErasedV1, WorkspaceErasedV1
from service_devkit.testing.waiting import wait_until
from service_kit.clock import utc_now


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
