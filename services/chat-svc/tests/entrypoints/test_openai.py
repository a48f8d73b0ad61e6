"""Programs written for OpenAI talk to personas: nothing is kept, and nothing is anybody else's."""

import json

import openai
import pytest
from chatting import persona
from persona_contracts import KNOWLEDGE_SEARCH_SUBJECT

pytestmark = pytest.mark.processes


@pytest.fixture
async def anna(room):
    return await room.cast(persona())


@pytest.fixture
async def program(api, room):
    """Return OpenAI's own client, with a token of this workspace."""
    async with openai.AsyncOpenAI(
        base_url=f"{api.url}/api/openai/v1",
        api_key=api.token(room.workspace_id, "viewer"),
        max_retries=0,
    ) as opened:
        yield opened


@pytest.fixture
async def prices(connection):
    """Let every persona know one passage."""
    passage = {
        "text": "A bicycle costs 490 EUR a year.",
        "source": "prices.pdf",
        "page_start": 3,
        "score": 1.0,
    }
    passage |= {"file_id": "f", "chunk_id": "c"}

    async def answer(message):
        found = {"passages": [passage], "knowledge_revision": 1, "mode": "lexical"}
        await message.respond(json.dumps(found).encode())

    serving = await connection.subscribe(KNOWLEDGE_SEARCH_SUBJECT, cb=answer)
    await connection.flush()
    yield
    await serving.unsubscribe()


def asked(*texts):
    roles = ("user", "assistant")
    return [{"role": roles[number % 2], "content": text} for number, text in enumerate(texts)]


async def test_personas_are_models(program, room, anna):
    listed = [model async for model in program.models.list()]
    assert [(model.id, model.owned_by) for model in listed] == [(str(anna.persona_id), "dramatis")]
    assert (await program.models.retrieve("anna")).id == str(anna.persona_id)
    await room.cast(persona("Idle", 2, is_active=False))
    assert len((await program.models.list()).data) == 1


@pytest.mark.parametrize("by", ["name", "id"])
@pytest.mark.usefixtures("prices")
async def test_a_persona_answers_and_nothing_is_kept(program, room, anna, by):
    model = anna.name if by == "name" else str(anna.persona_id)
    messages = asked("Hello.", "Good day.", "What does a bicycle cost?")
    answer = await program.chat.completions.create(model=model, messages=messages, temperature=0.1)
    (choice,) = answer.choices
    assert (choice.finish_reason, choice.message.role) == ("stop", "assistant")
    assert "490 EUR a year. [1]" in choice.message.content
    assert choice.message.content.endswith("Sources:\n[1] prices.pdf, page 3")
    (annotation,) = choice.message.annotations
    assert annotation.model_dump()["file_citation"]["page"] == 3
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert (await room.client.get("/api/conversations")).json()["items"] == []


@pytest.mark.usefixtures("prices")
async def test_an_answer_streams_with_its_usage_at_the_end(program, anna):
    chunks = [
        chunk
        async for chunk in await program.chat.completions.create(
            model=anna.name,
            messages=[
                {"role": "system", "content": "Speak like a pirate."},
                {
                    "role": "user",
                    "content": [{"type": "text", "text": "What does a bicycle cost?"}],
                },
            ],
            stream=True,
            stream_options={"include_usage": True},
        )
    ]
    *some, last = chunks
    text = "".join(chunk.choices[0].delta.content or "" for chunk in some)
    assert "490 EUR a year. [1]" in text
    assert "prices.pdf, page 3" in text
    assert some[0].choices[0].delta.role == "assistant"
    assert some[-1].choices[0].finish_reason == "stop"
    assert (last.choices, last.usage.completion_tokens > 0) == ([], True)


async def test_a_model_that_is_not_there_is_told_as_openai_does(program, anna):
    del anna
    with pytest.raises(openai.NotFoundError) as told:
        await program.chat.completions.create(model="nobody", messages=asked("Hello?"))
    assert told.value.code == "model_not_found"
    assert told.value.response.headers["content-type"] == "application/problem+json"


async def test_without_a_right_token_nothing_is_answered(api, anna):
    stranger = openai.AsyncOpenAI(
        base_url=f"{api.url}/api/openai/v1", api_key="nobody", max_retries=0
    )
    with pytest.raises(openai.AuthenticationError):
        await stranger.chat.completions.create(model=anna.name, messages=asked("Hello?"))
    await stranger.close()


async def test_personas_of_other_workspaces_are_not_there(api, anna):
    async with openai.AsyncOpenAI(
        base_url=f"{api.url}/api/openai/v1", api_key=api.token("somebody-else"), max_retries=0
    ) as other:
        assert (await other.models.list()).data == []
        for model in (anna.name, str(anna.persona_id)):
            with pytest.raises(openai.NotFoundError):
                await other.chat.completions.create(model=model, messages=asked("Hello?"))


@pytest.mark.parametrize("messages", [[], asked("", ""), asked("Hello", "Hi"), asked("x" * 12_001)])
async def test_what_asks_nothing_is_refused(program, anna, messages):
    with pytest.raises(openai.UnprocessableEntityError) as told:
        await program.chat.completions.create(model=anna.name, messages=messages)
    assert (told.value.type, told.value.code) == ("invalid_request_error", "invalid")
    assert told.value.param in {"body", "messages"}


@pytest.mark.parametrize("content", [b"{", b"[1]", b"{}"])
async def test_what_the_framework_refuses_is_told_as_openai_does_too(room, content):
    headers = {"Content-Type": "application/json"}
    path = "/api/openai/v1/chat/completions"
    told = (await room.client.post(path, content=content, headers=headers)).json()
    assert told["type"].startswith("urn:dramatis:problem:")
    assert told["error"]["type"] == "invalid_request_error"
    assert told["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "", 404),
        ("GET", "/", 404),
        ("POST", "/embeddings", 404),
        ("POST", "/responses", 404),
        ("GET", "/chat/completions", 405),
        ("DELETE", "/models/anna", 405),
        ("PUT", "/files/a/b?c=d", 404),
    ],
)
async def test_what_is_not_there_is_told_as_openai_does(room, method, path, status):
    told = await room.client.request(method, f"/api/openai/v1{path}")
    assert told.status_code == status
    assert told.headers["content-type"] == "application/problem+json"
    assert int(told.headers["content-length"]) == len(told.content)
    error = told.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["code"] == ("route_not_found" if status == 404 else "method_not_allowed")
    assert error["message"] == told.json()["detail"]


async def test_what_is_too_large_is_told_as_openai_does(room):
    headers = {"Content-Type": "application/json"}
    path, body = "/api/openai/v1/chat/completions", b" " * 50_000_000
    told = await room.client.post(path, content=body, headers=headers)
    assert (told.status_code, told.json()["error"]["type"]) == (413, "invalid_request_error")


async def test_other_problems_are_no_errors_of_openai(room):
    told = (await room.client.get("/api/openai")).json()
    assert "error" not in told
    assert "error" not in (await room.client.get("/api/nothing")).json()


async def test_a_program_hears_what_openai_would_say(program, anna):
    del anna
    with pytest.raises(openai.NotFoundError) as told:
        await program.embeddings.create(model="Anna", input="Hello")
    assert told.value.code == "route_not_found"
