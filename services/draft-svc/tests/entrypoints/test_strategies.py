"""An e-mail's strategy comes from a model: it may be none (A30)."""

import json

import pytest
from drafting import Desk, persona
from service_devkit.testing.api import running, service_env
from service_devkit.testing.http_stub import Reply

PATH = "/v1/chat/completions"
BODY = "Ten people pay 490 EUR."
STRATEGY = {
    "intent": "question",
    "questions": ["What does it cost?"],
    "objections": [],
    "answer_from": [],
    "next_step": "Offer a call.",
    "qualification_question": None,
}


def answer(content):
    choice = {"message": {"content": content}, "finish_reason": "stop"}
    return Reply.of_json({"choices": [choice], "model": "m-1"})


@pytest.fixture(scope="module")
def nats(own_nats):
    return own_nats


@pytest.fixture(scope="module")
def draft_database(database):
    return database("draft_svc")


@pytest.fixture
async def desk(draft_database, nats_url, connection, http_stub, tmp_path, workspace_id):
    """Return a workspace of a draft-svc that asks a model: `http_stub`."""
    env = service_env(
        tmp_path,
        database_url=draft_database.login_url,
        nats_url=nats_url,
        more={
            "DRAMATIS_DRAFT_WRITER": "openai",
            "DRAMATIS_DRAFT_MODEL": "m",
            "OPENAI_API_KEY": "sk-x",
            "DRAMATIS_DRAFT_OPENAI_BASE_URL": f"{http_stub.url}/v1",
        },
    )
    with running("draft_svc", tmp_path, env) as api:
        async with api.client(workspace_id) as client:
            made = Desk(workspace_id, connection, client)
            await made.default(persona())
            yield made


@pytest.mark.parametrize("wrong", ["Sure! I would offer a call.", json.dumps({"intent": "buy"})])
async def test_after_two_invalid_strategies_the_draft_is_written_without_and_says_so(
    desk, http_stub, wrong
):
    http_stub.on("POST", PATH, answer(wrong), answer(wrong), answer(BODY))
    draft = await desk.drafted()
    assert draft["status"] == "ready"
    assert BODY in draft["body"]
    assert draft["strategy"] is None
    assert draft["strategy_error"]["type"] == "strategy-invalid"
    assert len(http_stub.requests) == 3


async def test_a_strategy_that_is_valid_when_asked_for_again_is_used(desk, http_stub):
    http_stub.on("POST", PATH, answer("{"), answer(json.dumps(STRATEGY)), answer(BODY))
    draft = await desk.drafted()
    assert draft["strategy"] == STRATEGY
    assert draft["strategy_error"] is None
    assert len(http_stub.requests) == 3
    assert "Offer a call." in http_stub.requests[2].body.decode()
