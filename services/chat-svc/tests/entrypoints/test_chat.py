"""A message in, the answer out word by word: kept, in order, once, whoever leaves or dies."""

import asyncio
import json
import random

import pytest
from chatting import events_of, persona
from persona_contracts import KNOWLEDGE_SEARCH_SUBJECT, ModelPolicy, WorkspaceState
from service_devkit.embedded.ports import free_port
from service_devkit.testing.api import running, service_env
from service_devkit.testing.http_stub import HttpStub, Reply
from service_devkit.testing.waiting import HANG_SECONDS, wait_until

pytestmark = pytest.mark.processes
PATH = "/v1/chat/completions"
WORDS = "Ten people pay 490 EUR a year [1]. Zehn zahlen 490 €. 十人。"


@pytest.fixture(scope="module")
def port():
    return free_port()


@pytest.fixture(scope="module")
def api(chat_database, nats, tmp_path_factory, port):
    folder = tmp_path_factory.mktemp("chat")
    more = {
        "DRAMATIS_CHAT_MODEL": "m",
        "DRAMATIS_CHAT_OPENAI_API_KEY": "sk-x",
        "DRAMATIS_CHAT_OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1",
    }
    env = service_env(folder, database_url=chat_database.login_url, nats_url=nats.url, more=more)
    with running("chat_svc", folder, env) as started:
        yield started


@pytest.fixture
async def model(port):
    """Return the stub of a model; it says WORDS."""
    async with HttpStub(port) as stub:
        stub.on("POST", PATH, saying(WORDS))
        yield stub


@pytest.fixture
async def anna(room):
    return await room.cast(persona(), default=True)


def saying(text, *, part_seconds=0.0, end="stop", done=True):
    parts = [{"choices": [{"delta": {"content": char}}], "model": "m-1"} for char in text]
    last = [{"choices": [{"delta": {}, "finish_reason": end}]}] if end else []
    counted = {"choices": [], "usage": {"prompt_tokens": 900, "completion_tokens": 20}}
    return Reply.of_events(*parts, *last, counted, part_seconds=part_seconds, done=done)


def told(model, index=-1):
    """Return what the model was told: its instructions, and the data."""
    return [turn["content"] for turn in model.requests[index].json()["messages"]]


async def test_an_answer_streams_and_is_there_once_it_is_done(room, anna, model):
    heard = await room.say(anna, "What does it cost for ten people?")
    assert heard.kinds == [
        "start",
        "data-thread_info",
        "text-start",
        "text-delta",
        "text-end",
        "finish",
        "[DONE]",
    ]
    assert heard.text == WORDS
    metadata = heard.first("start")["messageMetadata"]
    assert (metadata["persona_name"], metadata["version"]) == ("Anna Berg", 1)
    assert (metadata["tier"], metadata["freshness"]) == ("session", "READY")
    shown = await room.shown(heard.thread_id)
    question, answer = shown["messages"]
    assert shown["conversation"]["title"] == "What does it cost for ten people?"
    assert shown["persona"]["name"] == "Anna"
    assert (question["role"], question["content"]) == ("user", "What does it cost for ten people?")
    assert (answer["status"], answer["content"], answer["model"]) == ("completed", WORDS, "m-1")
    assert answer["usage"] == {"input_tokens": 900, "output_tokens": 20, "cost_microusd": None}
    assert answer["resolution"]["persona_id"] == str(anna.persona_id)
    system, data = told(model)
    assert system.startswith("You speak as Anna Berg.")
    assert "What does it cost" not in system
    assert "BEGIN DATA" in data


async def test_what_completed_is_told_without_a_word_of_it(room, anna, model):
    del model
    heard = await room.say(anna, "A secret question")
    events = await room.js.subscribe(
        f"chat.message_completed.v1.{room.workspace_id}", ordered_consumer=True
    )
    message = await events.next_msg(timeout=HANG_SECONDS)
    event = json.loads(message.data)
    assert (event["message_id"], event["user_id"]) == (heard.message_id, "tester")
    assert b"secret" not in message.data
    assert b"490 EUR" not in message.data


async def test_passages_are_cited_in_both_shapes(room, anna, model, connection):
    del model
    passage = {"text": "490 EUR", "source": "prices.pdf", "page_start": 3, "score": 1.0}
    passage |= {"file_id": "f", "chunk_id": "c"}

    async def answer(message):
        found = {"passages": [passage], "knowledge_revision": 1, "mode": "lexical"}
        await message.respond(json.dumps(found).encode())

    serving = await connection.subscribe(KNOWLEDGE_SEARCH_SUBJECT, cb=answer)
    await connection.flush()
    heard = await room.say(anna, "What does it cost?")
    await serving.unsubscribe()
    source = heard.first("source-document")
    assert (source["title"], source["sourceId"]) == ("prices.pdf, page 3", "c")
    assert source["providerMetadata"]["dramatis"]["quote"] == "490 EUR"
    _, stored = await room.messages(heard.thread_id)
    assert stored["sources"] == ["prices.pdf, page 3"]
    assert [(c["number"], c["text"], c["page"]) for c in stored["citations"]] == [(1, "490 EUR", 3)]
    assert stored["knowledge"] == "used"


async def test_the_same_message_again_hears_the_same_answer(room, anna, model):
    first = await room.say(anna, "Hello?", client_key="k-1")
    again = await room.say(anna, "Hello?", client_key="k-1")
    assert (again.message_id, again.text) == (first.message_id, first.text)
    assert len(model.requests) == 1


async def test_the_ai_sdks_body_is_understood(room, anna, model):
    parts = [{"type": "step-start"}, {"type": "text", "text": "And for twenty?"}]
    body = {
        "id": "aBc123",
        "messages": [{"id": "m1", "role": "user", "parts": parts, "metadata": {"x": 1}}],
        "trigger": "submit-message",
        "messageId": "m1",
    }
    first = await room.say(anna, None, **body)
    body["messages"].append({"id": "m3", "role": "user", "parts": parts})
    second = await room.say(anna, None, **body)
    assert second.thread_id == first.thread_id
    found = await room.messages(first.thread_id, "user")
    assert [each["content"] for each in found] == ["And for twenty?"] * 2
    assert "your earlier answer" in told(model)[1]


@pytest.mark.parametrize("body", [{}, {"message": " "}, {"message": "x" * 12_001}])
async def test_an_error_before_the_first_byte_is_a_problem(room, anna, body):
    answer = await room.client.post(f"/chat/{anna.persona_id}", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_answer_outlives_its_reader_who_comes_back_anywhere(room, anna, model):
    model.on("POST", PATH, saying(WORDS * 4, part_seconds=0.005))
    path = f"/chat/{anna.persona_id}"
    async with room.client.stream("POST", path, json={"message": "Hello?"}) as answer:
        async for event_id, event in events_of(answer):
            if event["type"] == "data-thread_info":
                thread_id = event["data"]["thread_id"]
            if event["type"] == "text-delta":
                last_id = event_id
                break
    whole = await room.back(thread_id)
    assert whole.text == WORDS * 4
    assert whole.kinds[0] == "start"
    assert whole.kinds[-2:] == ["finish", "[DONE]"]
    ids = [each for each, _ in whole.events]
    for last in [last_id, *random.Random(7).sample(ids, 12)]:  # noqa: S311 — which does not matter
        seen = int(last.split(":")[1])
        resumed = await room.back(thread_id, last)
        assert (WORDS * 4)[:seen] + resumed.text == WORDS * 4
    assert (await room.back(thread_id)).status_code == 204
    assert len(model.requests) == 1


async def test_an_event_id_of_nowhere_is_refused(room, anna, model):
    del model
    heard = await room.say(anna, "Hello?")
    assert (await room.back(heard.thread_id, "nowhere")).status_code == 400
    other = f"{anna.persona_id}:3"
    assert (await room.back(heard.thread_id, other)).status_code == 404


async def test_a_stop_keeps_what_came(room, anna, model):
    model.on("POST", PATH, saying("word " * 2_000, part_seconds=0.01))
    saying_it = asyncio.create_task(room.say(anna, "Tell me everything"))

    async def begun():
        for each in (await room.client.get("/api/conversations")).json()["items"]:
            answers = await room.messages(each["conversation_id"], "assistant")
            if answers and answers[0]["content"]:
                return answers[0]
        return None

    answer = await wait_until(begun)
    path = f"/api/conversations/{answer['conversation_id']}/messages/{answer['message_id']}/stop"
    assert (await room.client.post(path)).json()["stop_asked"] is True
    heard = await saying_it
    assert heard.kinds[-2:] == ["abort", "[DONE]"]
    stored = await room.until(answer["conversation_id"], "stopped")
    assert stored["content"] == heard.text
    assert 0 < len(heard.text) < 10_000
    assert (await room.client.post(path)).status_code == 409


@pytest.mark.parametrize(
    "reply", [Reply(status=500), saying("It costs", end=None, done=False)], ids=["500", "cut"]
)
async def test_what_fails_is_kept_and_can_be_sent_again(room, anna, model, reply):
    model.on("POST", PATH, reply, saying(WORDS))
    heard = await room.say(anna, "Hello?")
    assert heard.kinds[-2:] == ["error", "[DONE]"]
    failed = await room.until(heard.thread_id, "failed")
    assert failed["error"]["retryable"] is True
    path = f"/api/conversations/{heard.thread_id}/messages/{heard.message_id}/resend"
    assert (await room.client.post(path)).status_code == 200
    done = await room.until(heard.thread_id, "completed")
    assert (done["content"], done["error"], done["seq"]) == (WORDS, None, failed["seq"])
    assert (await room.client.post(path)).status_code == 409


async def test_turns_are_answered_one_after_the_other_and_a_switch_has_its_place(room, anna, model):
    bert = await room.cast(persona("Bert", 2))

    def answer(request):
        data = request.json()["messages"][1]["content"]
        who = "Bert" if "as Bert" in request.json()["messages"][0]["content"] else "Anna"
        return saying(f"{who} heard {data.count('BEGIN DATA')}", part_seconds=0.01)

    model.on("POST", PATH, answer)
    thread = (await room.begin(anna))["conversation_id"]
    first = asyncio.create_task(room.say(anna, "One?", thread_id=thread))
    await room.until(thread, "queued", "streaming", "completed")
    second = asyncio.create_task(room.say(anna, "Two?", thread_id=thread))

    async def is_said():
        return len(await room.messages(thread, "user")) == 2

    await wait_until(is_said)
    await room.switch(thread, bert)
    third = await room.say(bert, "Three?", thread_id=thread)
    assert (await first).text == "Anna heard 1"
    assert (await second).text == "Anna heard 3"
    assert third.text == "Bert heard 5"
    found = await room.messages(thread)
    assert [each["seq"] for each in found] == list(range(1, 8))
    assert [each["kind"] for each in found].index("persona_switch") == 4
    assert "earlier answer by another persona, Anna Berg" in told(model)[1]
    ends = [each["finished_at"] for each in found if each["role"] == "assistant"]
    assert ends == sorted(ends)


async def test_the_next_call_obeys_the_models_that_the_workspace_has_set(room, anna, model):
    models = ModelPolicy(allowed=["small"], chat="small", temperature=0.25, max_tokens=70)
    asked = []
    for revision, policy in enumerate((models, ModelPolicy()), start=2):
        workspace = WorkspaceState(models=policy, revision=revision)
        await room.state("workspace", room.workspace_id, workspace)
        await room.say(anna, "What does it cost?")
        request = model.requests[-1].json()
        asked.append([request["model"], request.get("temperature"), request.get("max_tokens")])
    assert asked == [["small", 0.25, 70], ["m", None, 4_000]]


async def test_another_answer_and_another_question_keep_the_old_ones(room, anna, model):
    model.on("POST", PATH, saying("First."), saying("Second."), saying("Third."))
    heard = await room.say(anna, "Why?")
    question, answer = await room.messages(heard.thread_id)
    path = f"/api/conversations/{heard.thread_id}/messages"
    assert (await room.client.post(f"{path}/{answer['message_id']}/regenerate")).status_code == 201
    again = await room.until(heard.thread_id, "completed", nth=1)
    assert (again["content"], again["answers"]) == ("Second.", question["message_id"])
    assert "First." not in told(model)[1]
    edited = await room.client.post(
        f"{path}/{question['message_id']}/edit", json={"message": "Why not?"}
    )
    branch = edited.json()["conversation"]
    assert branch["branch_of"] == heard.thread_id
    await room.until(branch["conversation_id"], "completed")
    found = [each["content"] for each in await room.messages(branch["conversation_id"])]
    assert found == ["Why not?", "Third."]
    assert len(await room.messages(heard.thread_id)) == 3


async def test_an_answer_is_rated_and_the_event_has_no_words(room, anna, model):
    del model
    heard = await room.say(anna, "Hello?")
    path = f"/api/conversations/{heard.thread_id}/messages/{heard.message_id}/feedback"
    rated = await room.client.put(path, json={"rating": "down", "text": "far too long"})
    assert (rated.json()["rating"], rated.json()["feedback"]) == ("down", "far too long")
    events = await room.js.subscribe(f"chat.feedback.v1.{room.workspace_id}", ordered_consumer=True)
    message = await events.next_msg(timeout=HANG_SECONDS)
    assert json.loads(message.data)["rating"] == "down"
    assert b"long" not in message.data


async def test_messages_come_in_pages(room, anna, model):
    del model
    heard = await room.say(anna, "One?")
    await room.say(anna, "Two?", thread_id=heard.thread_id)
    path = f"/api/conversations/{heard.thread_id}/messages"
    newest = (await room.client.get(path, params={"limit": 3})).json()
    assert [each["seq"] for each in newest["messages"]] == [2, 3, 4]
    assert newest["has_more"] is True
    before = {"limit": 3, "before": newest["messages"][0]["message_id"]}
    oldest = (await room.client.get(path, params=before)).json()
    assert ([e["seq"] for e in oldest["messages"]], oldest["has_more"]) == ([1], False)


async def test_a_conversation_is_found_by_its_words_and_taken_along(room, anna, model):
    del model
    heard = await room.say(anna, "Which bicycle is best for rain?")
    other = await room.person(subject="somebody-else")
    query = {"query": "bicycle rain"}
    (found,) = (await room.client.get("/api/conversations/search", params=query)).json()["items"]
    assert found["conversation_id"] == heard.thread_id
    assert "**bicycle**" in found["snippet"]
    assert (await other.get("/api/conversations/search", params=query)).json()["items"] == []
    path = f"/api/conversations/{heard.thread_id}/export"
    whole = (await room.client.get(path)).json()
    assert [each["role"] for each in whole["messages"]] == ["user", "assistant"]
    text = (await room.client.get(path, params={"format": "markdown"})).text
    assert text.startswith("# Which bicycle is best for rain?\n\n## You\n\nWhich bicycle")
    assert f"## Anna Berg\n\n{WORDS}" in text
    assert (await other.get(path)).status_code == 404


async def test_nobody_elses_words_or_personas_reach_a_model(room, anna, model):
    bert = await room.cast(persona("Bert", 2, tone="canary-of-bert"))
    other = await room.person(subject="somebody-else")
    theirs = await room.say(bert, "canary-of-theirs", client=other)
    mine = await room.say(anna, "Hello?")
    await room.say(anna, "And?", thread_id=mine.thread_id)
    for index in (-1, -2):
        assert "canary" not in "".join(told(model, index))
    path = f"/api/conversations/{theirs.thread_id}"
    assert (await room.client.get(path)).status_code == 404
    assert (await room.client.get(f"{path}/messages")).status_code == 404
    assert (await room.client.get(f"{path}/stream")).status_code == 404
    body = {"message": "Let me in", "thread_id": theirs.thread_id}
    answer = await room.client.post(f"/chat/{anna.persona_id}", json=body)
    assert answer.status_code == 404
