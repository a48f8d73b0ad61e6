"""Each door asks a real small model once: shapes, states, streams and errors, never words.

It is slow beside anything else: `make model` runs it alone.
"""

import httpx
import openai
import pytest
from dramatis.defaults import WORKSPACE
from dramatis.rest import Rest, Written
from dramatis.sent_replies import wait_for_drafts
from dramatis.stack import Stack
from service_devkit.embedded.model import MODEL, model_file
from service_kit.clock import utc_now

pytestmark = [
    pytest.mark.model,
    pytest.mark.processes,
    pytest.mark.long,
    pytest.mark.timeout(3_600),
    pytest.mark.skipif(
        model_file() is None, reason="needs the group `model`: uv sync --group model"
    ),
]
MAX_TOKENS = 24
SECONDS = 1_800.0
"""Beside a test suite the model takes its time."""
QUESTION = "What does a bicycle cost?"


@pytest.fixture(scope="module")
def stack():
    """Return a stack that asks the small model; a draft is tried once."""
    stack = Stack(ephemeral=True, services=("persona", "draft", "chat"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRAMATIS_DRAFT_RETRY_DELAYS_SECONDS", "[]")
        with stack.with_local_model() as running:
            yield running


@pytest.fixture(scope="module")
def rest(stack):
    """Return a function that returns a client of a service; what one writes all others wait for."""
    written = Written()
    opened = {
        name: Rest(stack.url(name), stack.token(), written) for name in ("persona", "draft", "chat")
    }
    yield opened.__getitem__
    for client in opened.values():
        client.__exit__()


@pytest.fixture(scope="module")
def anna(rest):
    """Return a persona whose answers are short, for the model is slow."""
    model = {"max_tokens": MAX_TOKENS, "temperature": 0.0}
    fields = {"name": "Anna", "persona_name": "Anna Berg", "model": model}
    return rest("persona").send("POST", "/api/personas", json=fields).json()


def test_the_stack_says_that_the_model_is_a_small_one(stack):
    for service in ("draft", "chat"):
        readiness = httpx.get(f"{stack.url(service)}/readyz")
        assert readiness.json()["stand_ins"] == ["writer:local"]
        assert readiness.headers["X-Fake"] == "writer:local"


def test_an_answer_of_a_chat_streams_and_is_counted(rest, anna):
    events = list(rest("chat").events(f"/chat/{anna['persona_id']}", {"message": QUESTION}))
    kinds = [event["type"] for event in events]
    assert kinds[:2] == ["start", "data-thread_info"]
    assert kinds[-1] == "finish", events[-1]
    assert kinds.count("text-delta") >= 1
    told = events[-1]["messageMetadata"]
    assert (told["status"], told["model"]) == ("completed", MODEL)
    assert 0 < told["usage"]["output_tokens"] <= MAX_TOKENS
    assert told["usage"]["input_tokens"] > 0
    thread = events[0]["messageMetadata"]["conversation_id"]
    answer = rest("chat").get(f"/api/conversations/{thread}")["messages"][-1]
    assert answer["content"] == "".join(event.get("delta", "") for event in events)


def test_the_playground_shows_both_sides_with_what_they_took(rest, anna):
    path = f"/api/personas/{anna['persona_id']}/prompts/test"
    body = {"message": QUESTION, "system": "You sell bicycles."}
    events = list(rest("chat").events(path, body))
    assert [e["type"] for e in events if e["type"] == "error"] == []
    sides = {event["id"] for event in events if event["type"] == "text-delta"}
    assert sides == {"active", "draft"}
    usages = [event["data"] for event in events if event["type"] == "data-usage"]
    assert {usage["side"] for usage in usages} == {"active", "draft"}
    assert all(usage["model"] == MODEL for usage in usages)
    assert all(0 < each["usage"]["output_tokens"] <= MAX_TOKENS for each in usages)


def test_openais_client_gets_an_answer_and_a_stream(stack, anna):
    messages = [{"role": "user", "content": QUESTION}]
    base_url = f"{stack.url('chat')}/api/openai/v1"
    with openai.OpenAI(
        base_url=base_url, api_key=stack.token(), timeout=SECONDS, max_retries=0
    ) as client:
        create = client.chat.completions.create
        answer = create(model=anna["persona_id"], messages=messages)
        assert answer.choices[0].message.content
        assert 0 < answer.usage.completion_tokens <= MAX_TOKENS
        options = {"include_usage": True}
        stream = create(model="Anna", messages=messages, stream=True, stream_options=options)
        *chunks, counted = stream
        assert chunks[-1].choices[0].finish_reason == "stop"
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        assert counted.usage.prompt_tokens > 0


def test_a_reply_becomes_a_draft_or_says_why_not(rest):
    """A model as small as this one often finds no end: that is an error, and told as one."""
    fields = {"name": "Writer", "persona_name": "Wren Berg", "model": {"max_tokens": 400}}
    rest("persona").send("POST", "/api/personas", json=fields)
    reply = {
        "workspace_id": WORKSPACE,
        "message_id": "m-1",
        "lead_id": "l-1",
        "channel": "sms",
        "received_at": utc_now().isoformat(),
        "body_text": QUESTION,
    }
    message_id = rest("draft").send("POST", "/api/replies", json=reply).json()["message_id"]
    (draft,) = wait_for_drafts(rest("draft"), [message_id], SECONDS)
    if draft["status"] == "failed":
        assert draft["error"]["type"] == "upstream-unavailable", draft["error"]
        assert draft["text"] is None
        return
    assert draft["model"] == MODEL
    assert draft["text"].strip()
    assert draft["usage"]["output_tokens"] > 0
