"""The stand-in for ElevenLabs does what the vendor does, as far as we use it."""

import asyncio

import httpx
import pytest
from service_devkit.embedded.process import ServerProcess
from service_devkit.testing.waiting import wait_until
from service_devkit.vendors.elevenlabs import KEY, FakeElevenLabs, audio
from service_devkit.vendors.elevenlabs.process import vendor_document
from service_devkit.vendors.elevenlabs.voices import DEFAULT_VOICE_ID, VOICES

pytestmark = pytest.mark.processes
TOOL = {
    "tool_config": {
        "type": "webhook",
        "name": "query_persona_knowledge",
        "description": "Asks.",
        "api_schema": {"url": "http://127.0.0.1/x", "method": "POST"},
    }
}
SAY = f"/v1/text-to-speech/{DEFAULT_VOICE_ID}/stream"
CREATE = "POST /v1/convai/agents/create"


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    with FakeElevenLabs(tmp_path_factory.mktemp("fake") / "fake.log") as server:
        yield server


@pytest.fixture
def vendor(fake):
    fake.fail()
    fake.behave(max_concurrent=10, first_byte_seconds=0.0, chunk_seconds=0.0, forgets=[])
    fake.forget_counts()
    return fake


@pytest.fixture
async def http(vendor):
    async with httpx.AsyncClient(
        base_url=vendor.url, headers={"xi-api-key": KEY}, timeout=120
    ) as client:
        yield client


def agent(**conversation):
    config = {
        "agent": {"language": "en", "first_message": "Hello", "prompt": {"prompt": "Be kind."}},
        "tts": {"voice_id": DEFAULT_VOICE_ID, "model_id": "eleven_flash_v2", "stability": 0.5},
        **conversation,
    }
    return {"name": "Nova", "tags": ["persona:1"], "conversation_config": config}


async def made(http, path, body):
    answer = await http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.skipif(vendor_document() is None, reason="../shared/openapi is not there")
async def test_every_answer_is_as_the_vendors_document_says(vendor, http):
    secret = await made(
        http, "/v1/convai/secrets", {"type": "new", "name": "persona:1", "value": "s"}
    )
    tool = await made(http, "/v1/convai/tools", TOOL)
    made_agent = await made(http, "/v1/convai/agents/create", agent())
    agent_path = f"/v1/convai/agents/{made_agent['agent_id']}"
    await http.patch(agent_path, json={"name": "Nova 2"})
    await http.patch(
        f"/v1/convai/secrets/{secret['secret_id']}",
        json={"type": "update", "name": "persona:1", "value": "t"},
    )
    for path in (
        agent_path,
        f"/v1/convai/tools/{tool['id']}",
        "/v1/convai/agents",
        "/v1/convai/tools",
        "/v1/convai/secrets",
        "/v2/voices",
        f"/v1/voices/{DEFAULT_VOICE_ID}",
        "/v1/user/subscription",
    ):
        assert (await http.get(path)).status_code == 200
    await http.delete(agent_path)
    await http.delete(f"/v1/convai/tools/{tool['id']}")
    await http.delete(f"/v1/convai/secrets/{secret['secret_id']}")
    state = vendor.state()
    assert state["has_contract"]
    assert state["violations"] == []
    assert not any(state[kind] for kind in ("tools", "secrets"))


@pytest.mark.skipif(vendor_document() is None, reason="../shared/openapi is not there")
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/convai/agents/create", agent(tts={"stability": 50.0})),
        ("/v1/convai/agents/create", {"name": "Nova"}),
        ("/v1/convai/tools", {"tool_config": {"type": "webhook", "name": "with space"}}),
        (SAY, {"text": "hello", "voice_settings": {"stability": 50}}),
    ],
)
async def test_a_request_against_the_document_is_refused_and_noted(vendor, http, path, body):
    answer = await http.post(path, json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert vendor.state()["violations"]


async def test_without_the_key_nothing_is_done(vendor):
    async with httpx.AsyncClient(base_url=vendor.url) as http:
        answer = await http.get("/v1/convai/agents")
    assert answer.status_code == 401
    assert answer.json()["detail"]["status"] == "invalid_api_key"


async def test_a_patch_is_merged_and_null_removes(http):
    made_agent = await made(http, "/v1/convai/agents/create", agent())
    path = f"/v1/convai/agents/{made_agent['agent_id']}"
    patch = {"conversation_config": {"tts": {"speed": 1.1}, "agent": {"first_message": None}}}
    config = (await http.patch(path, json=patch)).json()["conversation_config"]
    assert config["tts"] == {**agent()["conversation_config"]["tts"], "speed": 1.1}
    assert config["agent"] == {"language": "en", "prompt": {"prompt": "Be kind."}}


async def test_lists_come_in_pages(http):
    for number in range(5):
        await made(http, "/v1/convai/agents/create", agent() | {"tags": [f"page:{number % 2}"]})
    names, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        query = {"page_size": 2, "tags": "page:0"} | ({"cursor": cursor} if cursor else {})
        page = (await http.get("/v1/convai/agents", params=query)).json()
        names += [each["agent_id"] for each in page["agents"]]
        cursor, pages = page["next_cursor"], pages + 1
    assert (len(set(names)), pages) == (3, 2)
    voices = (await http.get("/v2/voices")).json()
    assert (len(voices["voices"]), voices["has_more"], voices["total_count"]) == (10, True, VOICES)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tts": {"voice_id": "nobody", "model_id": "eleven_flash_v2"}}, "voice_not_found"),
        ({"tts": {"model_id": "eleven_flash_v2_5"}}, "invalid_model"),
        ({"agent": {"language": "de"}}, "invalid_model"),
        ({"agent": {"prompt": {"tool_ids": ["tool_9"]}}}, "tool_not_found"),
    ],
)
async def test_an_agent_of_what_is_not_there_is_refused(http, change, code):
    answer = await http.post("/v1/convai/agents/create", json=agent(**change))
    assert answer.status_code == 400
    assert answer.json()["detail"]["status"] == code


async def test_audio_is_valid_mp3_that_comes_in_timed_chunks(vendor, http):
    vendor.behave(chunk_seconds=0.03)
    text = "Good morning. " * 10
    async with http.stream("POST", SAY, json={"text": text}) as answer:
        assert answer.headers["content-type"] == "audio/mpeg"
        assert answer.headers["maximum-concurrent-requests"] == "10"
        parts = [part async for part in answer.aiter_raw()]
    content = b"".join(parts)
    assert audio.read_tag(content) == {"voice_id": DEFAULT_VOICE_ID, "text": text}
    frames = list(audio.frames(content))
    assert len(frames) == audio.chunk_count(text) * audio.FRAMES_PER_CHUNK
    stamps = [stamp for part in parts if (stamp := audio.sent_at_ns(part)) is not None]
    assert len(stamps) >= audio.chunk_count(text) - 1
    assert stamps == sorted(stamps)
    assert stamps[-1] - stamps[0] >= 0.03e9 * (len(stamps) - 1) * 0.9


async def test_a_client_that_leaves_leaves_no_stream(vendor, http):
    vendor.behave(chunk_seconds=30)
    async with http.stream("POST", SAY, json={"text": "long " * 100}) as answer:
        parts = answer.aiter_raw()
        await anext(parts)
        assert vendor.state()["streams_open"] == 1
    await wait_until(lambda: vendor.state()["streams_open"] == 0)


async def test_one_stream_too_many_is_refused(vendor, http):
    vendor.behave(max_concurrent=1, chunk_seconds=30)
    async with http.stream("POST", SAY, json={"text": "long " * 100}) as answer:
        parts = answer.aiter_raw()
        await anext(parts)
        second = await http.post(SAY, json={"text": "hello"})
    assert second.status_code == 429
    assert second.json()["detail"]["status"] == "too_many_concurrent_requests"


async def test_characters_are_counted_until_the_quota_is_used_up(vendor, http):
    vendor.behave(character_limit=7)
    assert (await http.post(SAY, json={"text": "hello"})).status_code == 200
    refused = await http.post(SAY, json={"text": "hello"})
    assert refused.json()["detail"]["status"] == "quota_exceeded"
    used = (await http.get("/v1/user/subscription")).json()
    assert (used["character_count"], used["character_limit"]) == (5, 7)
    vendor.behave(character_limit=1_000_000)


async def test_samples_cost_nothing(vendor, http):
    voice = (await http.get(f"/v1/voices/{DEFAULT_VOICE_ID}")).json()
    assert list(audio.frames((await http.get(voice["preview_url"])).content))
    assert vendor.state()["characters_used"] == 0


async def test_faults_come_as_often_as_told(vendor, http):
    fault = {"operation": CREATE, "status": 429, "code": "system_busy", "retry_after_seconds": 3}
    vendor.fail({**fault, "times": 1})
    busy = await http.post("/v1/convai/agents/create", json=agent())
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "3")
    assert busy.json()["detail"]["status"] == "system_busy"
    await made(http, "/v1/convai/agents/create", agent())
    assert vendor.state()["requests"][CREATE] == 2


@pytest.mark.parametrize("kind", ["status", "half"])
async def test_what_was_done_may_not_be_told(vendor, http, kind):
    before = set(vendor.state()["agents"])
    vendor.fail({"operation": CREATE, "kind": kind, "after": True, "times": 1})
    if kind == "half":
        with pytest.raises(httpx.RemoteProtocolError):
            await http.post("/v1/convai/agents/create", json=agent())
    else:
        assert (await http.post("/v1/convai/agents/create", json=agent())).status_code == 500
    assert len(set(vendor.state()["agents"]) - before) == 1


async def test_it_may_do_what_was_asked_and_never_answer(vendor, http):
    before = set(vendor.state()["agents"])
    vendor.fail({"operation": CREATE, "kind": "hang", "after": True, "times": 1})
    asking = asyncio.create_task(http.post("/v1/convai/agents/create", json=agent()))
    await wait_until(lambda: len(set(vendor.state()["agents"]) - before) == 1)
    assert not asking.done()
    asking.cancel()


@pytest.mark.parametrize("kind", ["half", "hang"])
async def test_audio_may_break_off_or_hang_in_its_middle(vendor, http, kind):
    operation = "POST /v1/text-to-speech/{voice_id}/stream"
    vendor.fail({"operation": operation, "kind": kind, "after": True, "times": 1})
    async with http.stream("POST", SAY, json={"text": "long " * 50}, timeout=0.5) as answer:
        parts = answer.aiter_raw()
        await anext(parts)
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadTimeout)):
            await anext(part async for part in parts if not part)
    await wait_until(lambda: vendor.state()["streams_open"] == 0)


async def test_things_go_and_change_behind_the_clients_back(vendor, http):
    agent_id = (await made(http, "/v1/convai/agents/create", agent()))["agent_id"]
    vendor.change("agents", agent_id, {"conversation_config": {"tts": {"stability": 0.1}}})
    found = (await http.get(f"/v1/convai/agents/{agent_id}")).json()
    assert found["conversation_config"]["tts"]["stability"] == 0.1
    vendor.delete("agents", agent_id)
    assert (await http.get(f"/v1/convai/agents/{agent_id}")).status_code == 404


async def test_a_field_may_be_taken_and_not_kept(vendor, http):
    vendor.behave(forgets=["conversation_config.tts.stability"])
    agent_id = (await made(http, "/v1/convai/agents/create", agent()))["agent_id"]
    found = (await http.get(f"/v1/convai/agents/{agent_id}")).json()
    assert "stability" not in found["conversation_config"]["tts"]


def test_it_is_a_process_like_every_other(fake):
    assert isinstance(fake, ServerProcess)
    assert fake.is_running
