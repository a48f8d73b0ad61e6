"""A persona is heard with its own voice, as it is made, within its limits, and never silently."""

import asyncio
import json

import httpx
import psycopg
import pytest
from service_devkit.testing.api import running, service_env
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_devkit.vendors.elevenlabs import FakeElevenLabs, audio
from service_devkit.vendors.elevenlabs.voices import DEFAULT_VOICE_ID, VOICES
from speakers import SAY, SETTINGS, SPEAKING, a_speaker, erase, path

pytestmark = [pytest.mark.processes, pytest.mark.long]
VOICE = "voice0000000000000001"
OTHER_VOICE = "voice0000000000000002"
COUNTS = (
    "select count(*) from audio where workspace_id = %s and persona_id = any(%s)",
    "select count(*) from speech_usage where workspace_id = %s and persona_id = any(%s)",
    "select count(*) from voice_replacement where workspace_id = %s and persona_id = any(%s)",
)
LONG = "It takes a while to say all this. " * 30


@pytest.fixture(scope="module")
def vendor(tmp_path_factory):
    with FakeElevenLabs(tmp_path_factory.mktemp("vendor") / "fake.log") as server:
        yield server


@pytest.fixture(autouse=True)
def _well_behaved(vendor):
    vendor.fail()
    vendor.behave(
        max_concurrent=10, first_byte_seconds=0, chunk_seconds=0, character_limit=1_000_000
    )
    vendor.forget_counts()


@pytest.fixture(scope="module")
def service(voice_database, nats, vendor, tmp_path_factory):
    folder = tmp_path_factory.mktemp("voice")
    more = {**SPEAKING, "DRAMATIS_VOICE_ELEVENLABS_BASE_URL": vendor.url}
    env = service_env(folder, database_url=voice_database.login_url, nats_url=nats.url, more=more)
    with running("voice_svc", folder, env) as started:
        yield started


@pytest.fixture
async def client(service, workspace_id):
    async with service.client(workspace_id, "viewer") as opened:
        yield opened


@pytest.fixture
async def nova(connection, workspace_id):
    return await a_speaker(connection, workspace_id)


async def hear(client, persona, text="Good morning", last="stream"):
    return await client.post(path(persona, last), json={"text": text})


async def used(client, persona):
    return (await client.get(path(persona, "usage"))).json()


def problem(answer, status, slug, text):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:dramatis:problem:{slug}"
    assert answer.json()["text"] == text
    return answer.json()


async def test_a_text_is_heard_in_the_personas_voice_with_its_settings(vendor, client, nova):
    answer = await hear(client, nova)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "audio/mpeg"
    assert (answer.headers["x-voice-id"], answer.headers["x-fake"]) == (VOICE, "elevenlabs:fake")
    assert "x-voice-fallback" not in answer.headers
    assert list(audio.frames(answer.content))
    spoken = audio.read_tag(answer.content)
    assert (spoken["voice_id"], spoken["text"]) == (VOICE, "Good morning")
    assert spoken["voice_settings"] == SETTINGS
    assert vendor.state()["violations"] == []


async def test_the_older_address_is_the_same(client, nova):
    assert (await hear(client, nova, last="stream-simple")).status_code == 200


async def test_a_persona_without_a_voice_has_the_default_one(client, connection, workspace_id):
    plain = await a_speaker(connection, workspace_id, voice=None)
    answer = await hear(client, plain)
    assert answer.headers["x-voice-id"] == DEFAULT_VOICE_ID
    assert "x-voice-fallback" not in answer.headers


async def test_parts_are_sent_as_they_are_made(vendor, client, nova):
    vendor.behave(chunk_seconds=0.2)
    async with client.stream("POST", path(nova), json={"text": LONG[:300]}) as answer:
        parts = answer.aiter_raw()
        first = await anext(parts)
        assert vendor.state()["streams_open"] == 1
        assert audio.read_tag(first)
    await wait_until(lambda: vendor.state()["streams_open"] == 0)


async def test_who_leaves_midway_leaves_no_stream(vendor, client, nova):
    vendor.behave(chunk_seconds=30)
    async with client.stream("POST", path(nova), json={"text": LONG}) as answer:
        parts = answer.aiter_raw()
        await anext(parts)
    await wait_until(lambda: vendor.state()["streams_open"] == 0)


async def test_who_leaves_before_the_first_part_leaves_no_stream(vendor, client, nova):
    vendor.behave(first_byte_seconds=0.8)
    asking = asyncio.create_task(hear(client, nova, LONG))
    await wait_until(lambda: vendor.state()["streams_open"] == 1)
    asking.cancel()
    await wait_until(lambda: vendor.state()["streams_open"] == 0)


@pytest.mark.parametrize(
    ("fault", "status", "slug"),
    [
        ({"status": 500}, 503, "voice-unavailable"),
        ({"kind": "hang"}, 503, "voice-unavailable"),
        ({"kind": "half"}, 503, "voice-unavailable"),
        ({"status": 401, "code": "invalid_api_key"}, 503, "voice-unauthorized"),
        ({"status": 401, "code": "quota_exceeded"}, 429, "voice-quota"),
        ({"status": 429, "code": "system_busy"}, 503, "voice-busy"),
        ({"status": 422, "code": "bad"}, 422, "voice-refused"),
    ],
)
async def test_a_failure_is_a_problem_that_holds_the_text_and_costs_nothing(
    vendor, client, nova, fault, status, slug
):
    vendor.fail({"operation": SAY, **fault})
    problem(await hear(client, nova), status, slug, "Good morning")
    assert (await used(client, nova))["characters_used"] == 0


async def test_a_busy_vendor_is_asked_again_before_the_text_is_given_up(vendor, client, nova):
    busy = {"status": 429, "code": "too_many_concurrent_requests"}
    vendor.fail({"operation": SAY, "times": 1, **busy})
    assert (await hear(client, nova)).status_code == 200
    assert vendor.state()["requests"][SAY] == 2


async def test_audio_that_breaks_off_is_no_whole_answer(vendor, client, nova):
    vendor.fail({"operation": SAY, "kind": "half", "after": True, "times": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        await hear(client, nova, LONG)
    again = await hear(client, nova, LONG)
    assert "x-audio-replay" not in again.headers


async def test_another_voice_stands_in_and_that_is_told_once(
    vendor, client, connection, workspace_id
):
    nova = await a_speaker(
        connection, workspace_id, voice_id="gone", fallbacks=["gone-too", OTHER_VOICE]
    )
    for text in ("One", "Two"):
        answer = await hear(client, nova, text)
        assert answer.headers["x-voice-fallback"] == OTHER_VOICE
        assert audio.read_tag(answer.content)["voice_id"] == OTHER_VOICE
    subject = f"voice.voice_replaced.v1.{workspace_id}"
    told = await connection.jetstream().subscribe(subject, ordered_consumer=True)
    event = json.loads((await told.next_msg(timeout=HANG_SECONDS)).data)
    assert (event["voice_id"], event["replacement_voice_id"]) == ("gone", OTHER_VOICE)
    assert event["reason"] == "discontinued"
    info = await told.consumer_info()
    assert info.num_pending == 0
    assert vendor.state()["violations"] == []


async def test_the_default_voice_is_the_last_that_stands_in(client, connection, workspace_id):
    nova = await a_speaker(connection, workspace_id, voice_id="gone")
    assert (await hear(client, nova)).headers["x-voice-fallback"] == DEFAULT_VOICE_ID


async def test_a_voice_that_was_heard_and_is_gone_gives_way_to_the_most_similar(
    vendor, client, nova, is_kept
):
    await hear(client, nova)
    await wait_until(lambda: is_kept(nova))
    own = vendor.state()["voices"][VOICE]
    vendor.delete("voices", VOICE)
    try:
        answer = await hear(client, nova, "Once more")
    finally:
        vendor.put("voices", VOICE, own)
    similar = vendor.state()["voices"][answer.headers["x-voice-fallback"]]["labels"]
    alike = ("gender", "accent", "age", "language")
    assert [similar[name] for name in alike] == [own["labels"][name] for name in alike]


async def test_a_fault_of_the_vendor_is_no_reason_for_another_voice(vendor, client, nova):
    vendor.fail({"operation": SAY, "status": 500})
    await hear(client, nova)
    assert vendor.state()["requests"][SAY] == 1


@pytest.fixture
def is_kept(voice_database):
    """Return a function: whether audio of a persona is kept."""

    def ask(persona):
        with psycopg.connect(voice_database.admin_url) as admin:
            query = "select count(*) from audio where persona_id = %s"
            return admin.execute(query, [persona.persona_id]).fetchone() != (0,)

    return ask


async def test_what_was_heard_whole_is_heard_again_for_nothing(vendor, client, nova, is_kept):
    first = await hear(client, nova)
    await wait_until(lambda: is_kept(nova))
    again = await hear(client, nova)
    assert again.headers["x-audio-replay"] == "true"
    assert again.content == first.content
    assert (await used(client, nova))["characters_used"] == len("Good morning")
    assert vendor.state()["requests"][SAY] == 1


async def test_what_is_kept_is_encrypted_and_of_one_persona_alone(
    client, connection, workspace_id, nova, voice_database, is_kept
):
    await hear(client, nova)
    await wait_until(lambda: is_kept(nova))
    with psycopg.connect(voice_database.admin_url) as admin:
        rows = admin.execute("select sealed, digest from audio").fetchall()
    assert rows
    assert not any(b"voice_id" in sealed or b"Good morning" in sealed for sealed, _ in rows)
    other = await a_speaker(connection, workspace_id)
    assert "x-audio-replay" not in (await hear(client, other)).headers


async def test_what_is_kept_can_be_purged(service, client, workspace_id, nova, is_kept):
    await hear(client, nova)
    await wait_until(lambda: is_kept(nova))
    async with service.client(workspace_id, "editor") as editor:
        assert (await editor.delete(path(nova, "audio"))).status_code == 204
    assert "x-audio-replay" not in (await hear(client, nova)).headers
    assert (await client.delete(path(nova, "audio"))).status_code == 403


@pytest.mark.parametrize("what", ["persona", "workspace"])
async def test_what_is_kept_is_erased_with_its_persona_and_its_workspace(
    client, connection, workspace_id, nova, voice_database, what
):
    gone = await a_speaker(connection, workspace_id, voice_id="gone")
    for persona in (nova, gone):
        await hear(client, persona)

    def kept():
        mine = (workspace_id, [nova.persona_id, gone.persona_id])
        with psycopg.connect(voice_database.admin_url) as admin:
            asked = [admin.execute(statement, mine) for statement in COUNTS]
            return [cursor.fetchone()[0] for cursor in asked]

    await wait_until(lambda: kept() == [1, 2, 1])
    if what == "persona":
        await erase(connection, workspace_id, nova.persona_id)
        await erase(connection, workspace_id, gone.persona_id)
    else:
        await erase(connection, workspace_id)
    await wait_until(lambda: kept() == [0, 0, 0])


async def test_the_characters_of_a_month_have_a_limit(client, nova):
    text = "a" * 4_999
    for _ in range(4):
        text = text[1:] + "b"
        assert (await hear(client, nova, text)).status_code == 200
    found = problem(await hear(client, nova, "One more."), 429, "speech-limit", "One more.")
    usage = await used(client, nova)
    assert (usage["characters_used"], usage["characters_limit"]) == (4 * 4_999, 20_000)
    assert usage["characters_remaining"] == found["characters_remaining"] == 4
    assert usage["reset_date"][8:10] == found["resets_at"][8:10] == "01"


async def test_requests_at_once_keep_the_limit(vendor, client, nova):
    vendor.behave(first_byte_seconds=0.2)
    texts = [f"{number} ".ljust(4_999, "x") for number in range(8)]
    answers = await asyncio.gather(*(hear(client, nova, text) for text in texts))
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [429] * 4
    assert (await used(client, nova))["characters_used"] == 4 * 4_999


async def test_the_workspace_has_a_limit_of_its_own(client, connection, workspace_id):
    for _ in range(2):
        persona = await a_speaker(connection, workspace_id)
        for number in range(3):
            assert (await hear(client, persona, f"{number}".ljust(4_990, "x"))).status_code == 200
    last = await a_speaker(connection, workspace_id)
    assert (await hear(client, last, "y" * 100)).status_code == 429


@pytest.mark.parametrize("text", ["", "   ", "x" * 5_001])
async def test_a_text_has_1_to_5000_characters(vendor, client, nova, text):
    assert (await hear(client, nova, text)).status_code == 422
    assert vendor.state()["requests"] == {}


async def test_another_workspaces_persona_is_not_there(service, nova):
    async with service.client("somebody-else") as client:
        assert (await hear(client, nova)).status_code == 404


async def test_a_slow_listener_holds_nobody_up(vendor, client, connection, workspace_id):
    """At 1 KB/s the rest of a minute of audio waits here, and the vendor is long free."""
    vendor.behave(max_concurrent=2)
    nova = await a_speaker(connection, workspace_id)
    async with client.stream("POST", path(nova), json={"text": LONG[:900]}) as slow:
        parts = slow.aiter_raw(1024)
        await anext(parts)
        await wait_until(lambda: vendor.state()["streams_open"] == 0)
        others = await asyncio.gather(*(hear(client, nova, f"Number {n}") for n in range(4)))
        assert [answer.status_code for answer in others] == [200] * 4
        rest = [part async for part in parts]
    assert len(b"".join(rest)) > 900_000


async def test_all_voices_can_be_chosen_from_and_are_asked_for_once(vendor, client):
    listed = (await client.get("/api/voices")).json()
    assert (len(listed["items"]), listed["next"], listed["stale"]) == (VOICES, None, False)
    older = (await client.get("/api/voices/available")).json()
    assert older["items"] == listed["items"]
    assert vendor.state()["requests"].get("GET /v2/voices", 0) <= 2  # two pages, once


@pytest.mark.parametrize(
    "query",
    [
        {"gender": "female"},
        {"accent": "Swedish"},
        {"category": "premade"},
        {"language": "de"},
        {"gender": "male", "accent": "british"},
    ],
)
async def test_voices_are_filtered(client, query):
    items = (await client.get("/api/voices", params=query)).json()["items"]
    assert 0 < len(items) < VOICES
    for name, value in query.items():
        assert {item[name] for item in items} == {value.lower()}


async def test_voices_are_found_by_text(client):
    items = (await client.get("/api/voices", params={"text": "sarah"})).json()["items"]
    assert items
    assert all("Sarah" in item["name"] for item in items)


async def test_a_sample_is_heard_for_nothing(vendor, client):
    answer = await client.post("/api/voices/preview", json={"voice_id": OTHER_VOICE})
    assert answer.headers["content-type"] == "audio/mpeg"
    assert audio.read_tag(answer.content)["voice_id"] == OTHER_VOICE
    assert vendor.state()["characters_used"] == 0


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"voice_id": OTHER_VOICE, "text": "Hear me"}, "Hear me"),
        ({"voice_id": "voice0000000000000009"}, "Hello! I'm excited to help you today."),
    ],
)
async def test_a_text_or_a_voice_without_a_sample_costs_the_workspace(client, nova, body, text):
    answer = await client.post("/api/voices/preview", json=body)
    assert audio.read_tag(answer.content)["text"] == text
    usage = await used(client, nova)
    assert (usage["characters_used"], usage["workspace_characters_used"]) == (0, len(text))


@pytest.mark.parametrize("more", [{}, {"text": "Hello"}])
async def test_a_voice_that_is_not_there_cannot_be_heard(client, more):
    body = {"voice_id": "nobody", **more}
    assert (await client.post("/api/voices/preview", json=body)).status_code == 404


@pytest.mark.parametrize("body", [{"voiceId": OTHER_VOICE, "sampleText": "Hear me"}])
async def test_a_preview_may_be_asked_for_in_the_older_spelling(client, body):
    answer = await client.post("/api/voices/preview", json=body)
    assert audio.read_tag(answer.content)["text"] == "Hear me"


@pytest.mark.parametrize("address", ["/readyz", "/api/voices", "/api/agents", "/not/there"])
async def test_every_answer_names_the_stand_in(client, address):
    assert (await client.get(address)).headers["x-fake"] == "elevenlabs:fake"


async def test_readiness_names_the_stand_in(client):
    assert (await client.get("/readyz")).json()["stand_ins"] == ["elevenlabs:fake"]
