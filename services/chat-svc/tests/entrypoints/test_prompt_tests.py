"""The playground: one question, the active prompts and drafts of them; only the usage is kept."""

import json
from uuid import uuid4

import psycopg
import pytest
from chatting import events_of, persona
from persona_contracts import KNOWLEDGE_SEARCH_SUBJECT
from service_devkit.testing.canaries import tables_with

pytestmark = pytest.mark.processes
PASSAGE = {"text": "A bicycle costs 490 EUR.", "source": "p.pdf", "page_start": 3, "score": 1}


@pytest.fixture
async def editor(room):
    return await room.person(role="editor", subject="kim")


@pytest.fixture
async def prices(connection):
    """Let every persona know one passage."""

    async def answer(message):
        passages = [{**PASSAGE, "file_id": "f", "chunk_id": "c"}]
        await message.respond(json.dumps({"passages": passages, "mode": "lexical"}).encode())

    serving = await connection.subscribe(KNOWLEDGE_SEARCH_SUBJECT, cb=answer)
    await connection.flush()
    yield
    await serving.unsubscribe()


async def tried(client, who, **body):
    path = f"/api/personas/{who.persona_id}/prompts/test"
    async with client.stream("POST", path, json=body) as answer:
        assert answer.status_code == 200, await answer.aread()
        return [document async for _, document in events_of(answer)]


def of_kind(events, kind):
    return [e["data"] for e in events if e != "[DONE]" and e["type"] == kind]


@pytest.mark.usefixtures("prices")
async def test_a_draft_is_answered_beside_the_active_prompts_and_its_usage_is_kept(
    room, editor, chat_database
):
    anna = await room.cast(persona(content="Be short."))
    canary = f"canary{uuid4().hex}"
    events = await tried(
        editor, anna, message=f"What does a bicycle {canary} cost?", rag=f"Always say {canary}."
    )
    assert events[-1] == "[DONE]"
    (passages,) = of_kind(events, "data-passages")
    assert passages["passages"][0]["page"] == 3
    told = {each["side"]: each["messages"][0]["content"] for each in of_kind(events, "data-prompt")}
    assert [canary in told[side] for side in ("active", "draft")] == [False, True]
    for side in ("active", "draft"):
        parts = [e for e in events if e != "[DONE]" and e.get("id") == side]
        assert (parts[0]["type"], parts[-1]["type"]) == ("text-start", "text-end")
        assert "490 EUR" in "".join(part.get("delta", "") for part in parts)
    used = {each["side"]: each for each in of_kind(events, "data-usage")}
    assert used["draft"]["usage"]["input_tokens"] > used["active"]["usage"]["input_tokens"]
    assert used["draft"]["took_ms"] >= used["draft"]["first_token_ms"] >= 0
    kept = (await editor.get(f"/api/personas/{anna.persona_id}/prompts/tests")).json()["items"]
    assert {each["side"]: each["usage"] for each in kept} == {
        side: each["usage"] for side, each in used.items()
    }
    with psycopg.connect(chat_database.admin_url, autocommit=True) as rows:
        assert tables_with(rows, canary) == set()


async def test_a_draft_that_is_no_template_is_refused_before_anything_is_asked(room, editor):
    anna = await room.cast(persona())
    path = f"/api/personas/{anna.persona_id}/prompts/test"
    answer = await editor.post(path, json={"message": "Hello?", "rag": "{% include 'x' %}"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "rag, line 1")
    refused = await room.client.post(path, json={"message": "Hello?"})
    assert refused.status_code == 403
    idle = await room.cast(persona("Idle", 2, is_active=False))
    path = f"/api/personas/{idle.persona_id}/prompts/test"
    inactive = await editor.post(path, json={"message": "Hello?"})
    assert inactive.status_code == 409
