"""Without a model: the stand-in by its name, or a problem that says what to set."""

import pytest
from chatting import Room, persona
from service_devkit.testing.api import running, service_env

pytestmark = pytest.mark.processes


async def test_the_stand_in_says_what_it_is(room):
    anna = await room.cast(persona())
    heard = await room.say(anna, "What do you do?")
    assert heard.text.startswith("Anna Berg here. Acme rents bicycles to companies.")
    assert heard.text.endswith("(offline stand-in)")
    assert heard.first("finish")["messageMetadata"]["model"] == "offline"
    assert (await room.client.get("/readyz")).json()["stand_ins"] == ["writer:offline"]


async def test_the_stand_in_knows_what_its_persona_is_told(room):
    told = "# House rules\n\nYou speak as Anna.\n\nA demonstration takes twenty minutes."
    anna = await room.cast(persona(prompts={"system": told, "rag": "", "user": ""}))
    heard = await room.say(anna, "How many minutes does a demonstration take?")
    assert heard.text == "Anna Berg here. A demonstration takes twenty minutes. (offline stand-in)"
    assert not heard.text.count("House rules")


async def test_without_a_model_nothing_is_stored_and_the_problem_says_what_to_set(
    chat_database, nats, tmp_path, connection, workspace_id
):
    env = service_env(tmp_path, database_url=chat_database.login_url, nats_url=nats.url)
    with running("chat_svc", tmp_path, env) as api:
        async with Room(api, connection, workspace_id) as room:
            anna = await room.cast(persona())
            answer = await room.client.post(f"/chat/{anna.persona_id}", json={"message": "Hello?"})
            assert answer.status_code == 503
            assert answer.json()["type"] == "urn:dramatis:problem:model-not-configured"
            assert "DRAMATIS_CHAT_MODEL" in answer.json()["detail"]
            assert (await room.client.get("/api/conversations")).json()["items"] == []
            readiness = (await room.client.get("/readyz")).json()
            assert readiness["reasons"]["model"] == "not configured"
