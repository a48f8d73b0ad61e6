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


async def test_a_draft_keeps_its_sources_and_shows_them_where_the_persona_says_so(desk):
    await desk.default(persona(cite_sources=True))
    parent = "0199b3c4-7d1e-7001-8a2b-5c6d7e8f9a0b"
    other = {**PASSAGE, "text": "Nothing of this kind.", "chunk_id": "c0"}
    inherited = {**PASSAGE, "persona_id": parent}
    found = json.dumps({"passages": [other, inherited], "mode": "hybrid"}).encode()
    async with answering(desk.connection, found):
        draft = await desk.drafted(body_text="What do ten bicycles cost a month?")
    (citation,) = draft["citations"]
    expected = {**PASSAGE, "section": None, "persona_id": parent}
    del expected["score"]
    assert citation == expected
    assert "Ten bicycles cost 490 EUR a month. [1]" in draft["body"]
    (event,) = await desk.events("created")
    assert event["citations"] == draft["citations"]


async def test_a_draft_shows_no_sources_where_the_persona_does_not_say_so(desk):
    await desk.default(persona())
    found = json.dumps({"passages": [PASSAGE], "mode": "hybrid"}).encode()
    async with answering(desk.connection, found):
        draft = await desk.drafted(body_text="What do ten bicycles cost a month?")
    assert len(draft["citations"]) == 1
    assert "[1]" not in draft["text"]


UNKNOWING = json.dumps({"passages": [], "mode": "lexical", "knows_nothing": True}).encode()


async def test_a_persona_that_knows_nothing_is_asked_once_until_something_comes(desk):
    anna = persona()
    await desk.default(anna)
    async with answering(desk.connection, UNKNOWING) as questions:
        drafts = [await desk.drafted() for _ in range(3)]
        assert len(questions) == 1
        await desk.connection.publish(f"knowledge.ready.v1.{desk.workspace_id}", b"{}")
        await desk.connection.flush()
        drafts.append(await desk.drafted())
        assert len(questions) == 2
    assert {draft["knowledge"] for draft in drafts} == {"none"}


async def test_a_persona_that_changed_is_asked_again(desk):
    anna = persona()
    await desk.default(anna)
    async with answering(desk.connection, UNKNOWING) as questions:
        await desk.drafted()
        await desk.default(persona(revision=2, persona_id=anna.persona_id), revision=2)
        await desk.drafted()
    assert len(questions) == 2


async def test_one_that_found_nothing_this_time_is_asked_each_time(desk):
    await desk.default(persona())
    async with answering(desk.connection, b'{"passages": []}') as questions:
        await desk.drafted()
        await desk.drafted()
    assert len(questions) == 2
