"""A question to ingest-svc ends with passages, or with one error, in time."""

import contextlib
from uuid import uuid4

import pytest
from persona_contracts import KNOWLEDGE_SEARCH_SUBJECT, KnowledgeSearchV1
from service_kit.knowledge import KnowledgeUnavailableError, search_knowledge

pytestmark = pytest.mark.processes
QUESTION = KnowledgeSearchV1(workspace_id="acme", persona_id=uuid4(), query="What does it cost?")


@contextlib.asynccontextmanager
async def answering(connection, answer):
    """Answer each question with `answer`, as ingest-svc would; None: not at all."""
    asked = []

    async def on_question(message):
        asked.append(KnowledgeSearchV1.model_validate_json(message.data))
        if answer is not None:
            await message.respond(answer)

    subscription = await connection.subscribe(KNOWLEDGE_SEARCH_SUBJECT, cb=on_question)
    await connection.flush()
    yield asked
    await subscription.unsubscribe()
    await connection.flush()


async def test_a_question_gets_its_passages(connection):
    answer = b'{"passages": [], "knowledge_revision": 7}'
    async with answering(connection, answer) as asked:
        found = await search_knowledge(connection, QUESTION)
    assert (found.knowledge_revision, asked) == (7, [QUESTION])


@pytest.mark.parametrize(
    "answer",
    [b'{"error": "persona-not-found"}', b"no json", b'{"passages": 1}', None],
    ids=["an error", "nonsense", "another form", "silence"],
)
async def test_anything_else_is_no_knowledge_now(connection, answer):
    async with answering(connection, answer):
        with pytest.raises(KnowledgeUnavailableError):
            await search_knowledge(connection, QUESTION, timeout_seconds=0.05)


async def test_nobody_there_is_no_knowledge_now(connection):
    with pytest.raises(KnowledgeUnavailableError):
        await search_knowledge(connection, QUESTION)
