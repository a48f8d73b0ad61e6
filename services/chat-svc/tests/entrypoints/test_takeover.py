"""Conversations that were held elsewhere are taken over; an admin reads one for a reason."""

from uuid import UUID, uuid4

import pytest
from chatting import persona

pytestmark = pytest.mark.processes
OWN, USERS = "/api/conversations/import", "/api/user-conversations/import"
AT = "2025-03-01T10:00:00Z"


def held(who, *texts, **more):
    """Return a conversation that was held elsewhere: question, answer, and so on."""
    roles = ("user", "assistant")
    messages = [
        {"message_id": str(uuid4()), "role": roles[n % 2], "content": text, "created_at": AT}
        for n, text in enumerate(texts)
    ]
    about = {"conversation_id": str(uuid4()), "persona_id": str(who.persona_id), "created_at": AT}
    return {**about, "messages": messages, **more}


async def taken(client, path, *conversations, dry_run=False):
    body = {"conversations": conversations, "dry_run": dry_run}
    answer = await client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["dry_run"] is dry_run
    return [(each["outcome"], each["message_count"]) for each in answer.json()["items"]]


@pytest.fixture
async def anna(room):
    return await room.cast(persona(), default=True)


async def test_a_conversation_comes_with_its_ids_and_goes_on(room, anna):
    talk = held(anna, "Do you rent bicycles?", "We do.", "For a week?", "For a year.")
    assert await taken(room.client, OWN, talk) == [("imported", 4)]
    shown = await room.shown(talk["conversation_id"])
    assert [(m["message_id"], m["content"], m["seq"]) for m in shown["messages"]] == [
        (m["message_id"], m["content"], n) for n, m in enumerate(talk["messages"], start=1)
    ]
    assert shown["conversation"]["title"] == "Do you rent bicycles?"
    assert shown["conversation"]["message_count"] == 4
    heard = await room.say(anna, "And two?", thread_id=talk["conversation_id"])
    assert heard.kinds[-2:] == ["finish", "[DONE]"]
    assert len(await room.messages(talk["conversation_id"])) == 6
    found = (await room.client.get("/api/conversations/search?query=year")).json()["items"]
    assert talk["conversation_id"] in {each["conversation_id"] for each in found}


async def test_a_dry_run_says_what_would_become_of_each_and_stores_nothing(room, anna):
    talk, unknown = held(anna, "Hello."), held(persona("Nobody"), "Hello.")
    expected = [("imported", 1), ("refused", 0)]
    assert await taken(room.client, OWN, talk, unknown, dry_run=True) == expected
    assert (await room.client.get("/api/conversations")).json()["items"] == []
    assert await taken(room.client, OWN, talk, unknown) == expected


async def test_an_import_is_repeatable_and_changes_nothing_that_is_there(room, anna):
    talk = held(anna, "Hello.", "Good day.")
    await taken(room.client, OWN, talk)
    path = f"/api/conversations/{talk['conversation_id']}"
    await room.client.patch(path, json={"title": "Mine"})
    again = {**talk, "title": "Other"}
    assert await taken(room.client, OWN, again, again) == [("there", 0), ("there", 0)]
    assert (await room.shown(talk["conversation_id"]))["conversation"]["title"] == "Mine"


async def test_what_has_the_id_of_something_else_is_refused_whole(room, anna):
    other = await room.person(subject="somebody-else")
    talk = held(anna, "Hello.", "Good day.")
    await taken(other, OWN, talk)
    assert await taken(room.client, OWN, talk) == [("refused", 0)]
    same_message = held(anna, "New.", "Words.")
    same_message["messages"][1]["message_id"] = talk["messages"][0]["message_id"]
    assert await taken(room.client, OWN, same_message) == [("refused", 0)]
    assert (await room.client.get("/api/conversations")).json()["items"] == []


async def test_another_workspaces_ids_tell_nothing_and_take_nothing(api, room, anna):
    talk = held(anna, "Hello.")
    await taken(room.client, OWN, talk)
    async with api.client(f"{room.workspace_id}-other", "viewer") as stranger:
        own = {**talk, "persona_id": None}
        assert await taken(stranger, OWN, own) == [("refused", 0)]
        assert (await stranger.get("/api/conversations")).json()["items"] == []
    assert len(await room.messages(talk["conversation_id"])) == 1


async def test_an_admin_takes_over_conversations_of_users_and_nobody_else_does(room, anna):
    admin = await room.person("admin", subject="boss")
    talk = held(anna, "Hello.", "Good day.", user_id="tester")
    assert await taken(admin, USERS, talk) == [("imported", 2)]
    assert len(await room.messages(talk["conversation_id"])) == 2
    assert (await admin.get("/api/conversations")).json()["items"] == []
    editor = await room.person("editor")
    body = {"conversations": [held(anna, "Hi.", user_id="boss")]}
    assert (await editor.post(USERS, json=body)).status_code == 403
    assert (await room.client.post(OWN, json=body)).status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "system"},
        {"content": ""},
        {"content": "x" * 24_001},
        {"created_at": "2025-03-01T10:00:00"},
        {"message_id": "m-1"},
    ],
)
async def test_what_is_no_message_is_refused_by_field(room, anna, wrong):
    talk = held(anna, "Hello.")
    talk["messages"][0] |= wrong
    answer = await room.client.post(OWN, json={"conversations": [talk]})
    assert answer.status_code == 422
    (field,) = wrong
    assert answer.json()["errors"][0]["field"] == f"conversations.0.messages.0.{field}"


async def test_an_admin_reads_a_users_conversation_and_the_trail_says_why(room, anna):
    heard = await room.say(anna, "My private question.")
    admin = await room.person("admin", subject="boss")
    path = f"/api/user-conversations/{heard.thread_id}/read"
    assert (await admin.post(path, json={})).status_code == 422
    assert (await admin.post(path, json={"reason": "  "})).status_code == 422
    read = (await admin.post(path, json={"reason": "A complaint of 3 March."})).json()
    assert read["messages"][0]["content"] == "My private question."
    assert (read["conversation"]["user_id"], read["title"]) == ("tester", "My private question.")
    (entry, *_) = (await admin.get("/api/audit")).json()["items"]
    assert (entry["actor"], entry["action"]) == ("boss", "user_conversation.read")
    assert (entry["entity_id"], entry["summary"]) == (heard.thread_id, "A complaint of 3 March.")
    for role in ("viewer", "editor"):
        other = await room.person(role, subject="curious")
        assert (await other.post(path, json={"reason": "I am curious."})).status_code == 403


async def test_nothing_is_read_of_what_is_not_there(room, anna):
    heard = await room.say(anna, "Hello.")
    admin = await room.person("admin", subject="boss")
    await room.client.delete(f"/api/conversations/{heard.thread_id}")
    for thread_id in (UUID(heard.thread_id), uuid4()):
        path = f"/api/user-conversations/{thread_id}/read"
        assert (await admin.post(path, json={"reason": "A complaint."})).status_code == 404
