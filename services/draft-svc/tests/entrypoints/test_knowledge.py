"""The persona's knowledge is asked for with every draft; without an answer the draft goes on."""

import contextlib
import json

import pytest
from drafting import persona
from persona_contracts import KNOWLEDGE_SEARCH_SUBJECT

PASSAGE = {
    "text": "Ten bicycles cost 490 EUR a month.",
    "source": "prices.pdf",
    "page_start": 3,
    "page_end": 3,
    "file_id": "f1",
    "chunk_id": "c1",
    "score": 0.9,
}


@contextlib.asynccontextmanager
async def answering(connection, answer):
    """Answer each question with `answer`, as ingest-svc would; give the questions."""
    questions = []

    async def on_question(message):
        questions.append(json.loads(message.data))
        if answer is not None:
            await message.respond(answer)

    subscription = await connection.subscribe(KNOWLEDGE_SEARCH_SUBJECT, cb=on_question)
    await connection.flush()
    yield questions
    await subscription.unsubscribe()
    await connection.flush()


async def test_passages_are_asked_for_in_the_leads_words_and_used(desk):
    anna = persona()
    await desk.default(anna)
    found = json.dumps({"passages": [PASSAGE], "mode": "hybrid"}).encode()
    async with answering(desk.connection, found) as questions:
        draft = await desk.drafted(body_text="What do ten bicycles cost?\n\n> old words")
    assert draft["knowledge"] == "used"
    (question,) = questions
    assert question["workspace_id"] == desk.workspace_id
    assert question["persona_id"] == str(anna.persona_id)
    assert question["query"] == "What do ten bicycles cost?"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b'{"passages": []}', "none"),
        (b'{"error": "unknown-persona"}', "unavailable"),
        (b"no json", "unavailable"),
        (None, "unavailable"),
    ],
    ids=["nothing found", "an error", "nonsense", "silence"],
)
async def test_without_passages_the_draft_is_written_all_the_same(desk, answer, status):
    await desk.default(persona())
    async with answering(desk.connection, answer) as questions:
        draft = await desk.drafted()
    assert (draft["status"], draft["knowledge"]) == ("ready", status)
    assert draft["citations"] == []
    assert len(questions) == 1


async def test_a_workspace_without_personas_has_no_knowledge_to_ask(desk):
    async with answering(desk.connection, b"{}") as questions:
        draft = await desk.drafted()
    assert draft["knowledge"] == "none"
    assert questions == []
