"""Questions that no passage answers: listed without who asked them, answered, and erased."""

import json
from uuid import uuid4

import psycopg
import pytest
from chatting import persona
from persona_contracts import (
    KNOWLEDGE_SEARCH_SUBJECT,
    Channel,
    ChatGapAnsweredV1,
    ChatUnansweredV1,
    DraftCreatedV1,
    LeadErasedV1,
    PersonaErasedV1,
    Resolution,
    Usage,
)
from service_devkit.testing.canaries import tables_with
from service_devkit.testing.waiting import wait_until
from service_kit.clock import utc_now

pytestmark = pytest.mark.processes
PATH = "/api/knowledge/gaps"
CARGO = "Do you rent cargo bicycles?"


@pytest.fixture
async def found(connection):
    """Return the passages that any search of this test finds: none at first."""
    passages = []

    async def answer(message):
        await message.respond(json.dumps({"passages": passages, "mode": "lexical"}).encode())

    serving = await connection.subscribe(KNOWLEDGE_SEARCH_SUBJECT, cb=answer)
    yield passages
    await serving.unsubscribe()


@pytest.fixture
async def editor(room, found):
    del found
    return await room.person(role="editor", subject="kim")


async def listed(client, **params):
    answer = await client.get(PATH, params=params)
    assert answer.status_code == 200, answer.text
    return [(each["question"], each["asked"]) for each in answer.json()["items"]]


async def published(room, model, number):
    """Return the events of a type in this workspace, once there are `number`."""
    subject = f"{model.event_type}.v1.{room.workspace_id}"
    subscription = await room.js.subscribe(subject, ordered_consumer=True)
    found = [await subscription.next_msg(timeout=30) for _ in range(number)]
    await subscription.unsubscribe()
    return [each.data.decode() for each in found]


def draft_created(room, who, *unanswered, lead_id="lead-1"):
    return DraftCreatedV1(
        workspace_id=room.workspace_id,
        occurred_at=utc_now(),
        draft_id=uuid4(),
        message_id=str(uuid4()),
        lead_id=lead_id,
        channel=Channel.EMAIL,
        text="Hello.",
        body="Hello.",
        resolution=Resolution(
            tier="campaign", reason="CAMPAIGN", persona_id=who.persona_id, version=1, revision=1
        ),
        model="m",
        usage=Usage(input_tokens=1, output_tokens=1),
        took_ms=1,
        unanswered=list(unanswered),
    )


async def draft(room, who, *unanswered, **more):
    """Let draft-svc tell of a draft for which no passage was found."""
    source = "urn:dramatis:draft-svc"
    await room.tell(draft_created(room, who, *unanswered, **more), source)


async def test_a_question_that_no_passage_answers_is_listed_once_without_who_asked(room, editor):
    anna = await room.cast(persona())
    heard = await room.say(anna, CARGO)
    other = await room.person(subject="somebody-else")
    await room.say(anna, "do you rent  CARGO bicycles", client=other)
    answer = await editor.get(PATH)
    (gap,) = answer.json()["items"]
    assert (gap["question"], gap["asked"]) == (CARGO, 2)
    assert gap["persona_id"] == str(anna.persona_id)
    for secret in ("tester", "somebody-else", heard.thread_id, heard.message_id):
        assert secret not in answer.text
    assert await listed(editor, persona_id=str(uuid4())) == []
    (event,) = await published(room, ChatUnansweredV1, 1)
    assert "cargo" not in event.lower()
    assert "tester" not in event
    assert gap["gap_id"] in event


async def test_a_question_whose_answer_names_no_passage_is_listed_and_small_talk_is_not(
    room, editor, found
):
    anna = await room.cast(persona())
    passage = {"text": "A helmet costs 49 EUR.", "source": "p.pdf", "file_id": "f", "chunk_id": "c"}
    found.append({**passage, "score": 1})
    for text in ("What does a helmet cost?", "Thank you, Anna.", CARGO):
        await room.say(anna, text)
    assert await listed(editor) == [(CARGO, 1)]


async def test_what_leads_ask_in_vain_is_listed_with_it(room, editor):
    anna = await room.cast(persona())
    await room.say(anna, CARGO)
    await draft(room, anna, CARGO, "Is there a discount?")

    async def both():
        return await listed(editor) == [("Is there a discount?", 1), (CARGO, 2)]

    await wait_until(both)


async def test_an_answer_is_told_with_its_words_and_the_gap_is_closed(room, editor):
    anna = await room.cast(persona())
    await room.say(anna, CARGO)
    (gap,) = (await editor.get(PATH)).json()["items"]
    path = f"{PATH}/{gap['gap_id']}/answer"
    body = {"answer": "Yes, from 89 euros a month."}
    assert (await room.client.post(path, json=body)).status_code == 403
    answered = await editor.post(path, json=body)
    assert answered.json()["answered_by"] == "kim"
    again = await editor.post(path, json=body)
    assert (again.status_code, again.json()["type"]) == (409, "urn:dramatis:problem:gap-answered")
    assert await listed(editor) == []
    assert await listed(editor, answered=True) == [(CARGO, 1)]
    (event,) = await published(room, ChatGapAnsweredV1, 1)
    told = ChatGapAnsweredV1.model_validate_json(event)
    assert (told.question, told.answer) == (CARGO, body["answer"])
    assert (told.persona_id, told.answered_by) == (anna.persona_id, "kim")
    await room.say(anna, CARGO)
    assert await listed(editor) == [(CARGO, 2)]
    await published(room, ChatUnansweredV1, 2)


async def test_who_may_not_edit_sees_no_questions(room):
    assert (await room.client.get(PATH)).status_code == 403


async def test_a_question_goes_with_all_who_asked_it(room, editor, chat_database):
    canary = f"canary{uuid4().hex}"
    anna, bert = await room.cast(persona()), await room.cast(persona("Bert", 2))
    await room.say(anna, f"Is {canary} a bicycle?")
    await draft(room, anna, f"Is {canary} a bicycle?", lead_id=canary)

    async def asked(number):
        (found,) = await listed(editor)
        return found[1] == number

    await wait_until(lambda: asked(2))
    admin = await room.person(role="admin", subject="boss")
    await admin.delete("/api/user-conversations?user_id=tester")
    assert await asked(1)
    erased = LeadErasedV1(workspace_id=room.workspace_id, lead_id=canary, erased_at=utc_now())
    await room.tell(erased, "urn:dramatis:crm")

    async def nothing():
        return await listed(editor) == []

    await wait_until(nothing)
    await draft(room, bert, "Who is Bert?", lead_id="another")

    async def one():
        return await listed(editor) == [("Who is Bert?", 1)]

    await wait_until(one)
    gone = PersonaErasedV1(
        workspace_id=room.workspace_id,
        persona_id=bert.persona_id,
        revision=3,
        occurred_at=utc_now(),
    )
    await room.tell(gone)
    await wait_until(nothing)
    with psycopg.connect(chat_database.admin_url, autocommit=True) as rows:
        assert tables_with(rows, canary) == set()
