"""Every persona that has a voice has one agent, and it follows."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from cast import SETTINGS, tool_of, url_of
from persona_contracts import Voice
from service_devkit.testing.waiting import wait_until
from service_devkit.vendors.elevenlabs.voices import DEFAULT_VOICE_ID
from service_kit.clock import utc_now

pytestmark = [pytest.mark.processes, pytest.mark.long]
CREATE = "POST /v1/convai/agents/create"
PATCH = "PATCH /v1/convai/agents/{agent_id}"
DELETE = "DELETE /v1/convai/agents/{agent_id}"
OWN = "voice0000000000000004"
FALLBACK = "voice0000000000000002"


async def test_an_agent_is_what_its_persona_says(cast, fake):
    nova = await cast.create()
    shown = await cast.in_step(nova)
    ((agent_id, agent),) = cast.mine().items()
    assert shown["agent_id"] == agent_id
    assert (shown["status"], shown["drift"]) == ("ready", [])
    assert shown["running_since"]
    assert f"persona:{nova.persona_id}" in agent["tags"]
    words = agent["conversation_config"]["agent"]
    assert words["first_message"] == "Hi there, it is Nova."
    assert "You are Nova. You are calm." in words["prompt"]["prompt"]
    spoken = agent["conversation_config"]["tts"]
    assert spoken["voice_id"] == "EXAVITQu4vr4xnSDxMaL"
    assert {name: spoken[name] for name in SETTINGS} == SETTINGS
    assert url_of(tool_of(fake, agent)).endswith(f"/elevenlabs/function-call/{nova.persona_id}")
    told = await cast.published("voice.agent_ready")
    assert told[0]["agent_id"] == agent_id
    assert told[0]["revision"] == nova.revision
    assert fake.state()["violations"] == []


async def test_a_persona_without_a_voice_has_none(cast):
    other = await cast.create("Other", enabled=False)
    nova = await cast.create()
    await cast.in_step(nova)
    assert (await cast.status(other))["status"] == "not_configured"
    assert len(cast.mine()) == 1


async def test_ten_quick_edits_make_one_request(cast, fake):
    nova = await cast.create()
    await cast.in_step(nova)
    before = fake.state()["requests"]
    for number in range(10):
        nova = await cast.edit(nova, greeting=f"Hello number {number}.")
    shown = await cast.in_step(nova)
    ((agent_id, agent),) = cast.mine().items()
    assert shown["agent_id"] == agent_id
    assert agent["conversation_config"]["agent"]["first_message"] == "Hello number 9."
    after = fake.state()["requests"]
    assert after[PATCH] - before.get(PATCH, 0) == 1
    assert after[CREATE] == before[CREATE]


async def test_an_edit_that_changes_nothing_of_the_agent_costs_no_request(cast, fake):
    nova = await cast.create()
    first = await cast.in_step(nova)
    before = fake.state()["requests"].get(PATCH, 0)
    nova = await cast.edit(nova, signature="Nova")
    second = await cast.in_step(nova)
    assert fake.state()["requests"].get(PATCH, 0) == before
    assert second["running_since"] == first["running_since"]


async def test_who_inherits_follows_though_no_event_tells(cast):
    parent = await cast.create("Parent")
    child = await cast.create("Child", lineage=[parent.persona_id])
    await cast.in_step(child)
    child = await cast.inherit(child, greeting="Good day.")
    parent = await cast.edit(parent, greeting="Good day.")
    await cast.in_step(parent)
    await cast.until(child, revision=child.revision)
    greetings = [
        each["conversation_config"]["agent"]["first_message"] for each in cast.mine().values()
    ]
    assert greetings == ["Good day."] * 2


async def test_a_deleted_persona_loses_everything_and_an_undeleted_one_gets_it_again(cast, fake):
    nova = await cast.create()
    await cast.in_step(nova)
    before = fake.state()
    await cast.delete(nova)
    await wait_until(lambda: not cast.mine())

    def gone():
        now = fake.state()
        return all(len(now[kind]) == len(before[kind]) - 1 for kind in ("tools", "secrets"))

    await wait_until(gone)
    nova = await cast.undelete(nova)
    await cast.in_step(nova)
    assert len(cast.mine()) == 1


async def test_a_vendor_that_is_away_delays_a_removal_and_an_erasure_and_loses_neither(
    cast, fake, sql
):
    nova, iris = await cast.create(), await cast.create("Iris")
    await cast.in_step(nova)
    await cast.in_step(iris)
    fake.fail({"status": 503})
    await cast.delete(nova)
    await cast.delete(iris)
    await cast.erase(iris)
    await wait_until(lambda: fake.state()["requests"].get(DELETE, 0) >= 2)
    assert len(cast.mine()) == 2
    fake.fail()
    await wait_until(lambda: not cast.mine(), 180)
    query = "select persona_id from agent where workspace_id = %s"

    def only_the_deleted():
        return sql(query, cast.workspace_id) == [(nova.persona_id,)]

    await wait_until(only_the_deleted)
    state = fake.state()
    for who in (nova, iris):
        assert str(who.persona_id) not in str([state["tools"], state["secrets"]])


async def test_an_erased_workspace_leaves_nothing(cast, fake, sql):
    nova = await cast.create()
    await cast.in_step(nova)
    await cast.erase_all()
    await wait_until(lambda: not cast.mine())
    query = "select count(*) from agent where workspace_id = %s"
    await wait_until(lambda: sql(query, cast.workspace_id) == [(0,)])
    state = fake.state()
    assert str(nova.persona_id) not in str([state["tools"], state["secrets"]])


@pytest.mark.parametrize(
    "operation",
    [CREATE, "POST /v1/convai/tools", "POST /v1/convai/secrets"],
)
@pytest.mark.parametrize("kind", ["hang", "half", "status"])
async def test_what_was_made_though_no_answer_came_is_adopted(cast, fake, operation, kind):
    before = fake.state()
    fake.fail({"operation": operation, "kind": kind, "after": True, "times": 1})
    nova = await cast.create()
    await cast.in_step(nova)
    assert len(cast.mine()) == 1
    state = fake.state()
    for things in ("tools", "secrets"):
        assert len(state[things]) == len(before[things]) + 1


async def test_each_agent_is_compared_now_and_then_no_two_at_once_and_changed_back(cast, fake, sql):
    everyone = [await cast.create(f"Persona {number}") for number in range(4)]
    shown = [await cast.in_step(who) for who in everyone]
    waits = [
        datetime.fromisoformat(item["next_attempt_at"]) - datetime.fromisoformat(item["checked_at"])
        for item in shown
    ]
    assert all(timedelta(seconds=810) <= wait <= timedelta(seconds=1_000) for wait in waits)
    assert len(set(waits)) == 4
    agent_id = shown[0]["agent_id"]
    fake.change("agents", agent_id, {"conversation_config": {"tts": {"speed": 0.8}}})
    sql("update agent set due_at = now() where workspace_id = %s", cast.workspace_id)

    def is_changed_back():
        return cast.mine()[agent_id]["conversation_config"]["tts"]["speed"] == SETTINGS["speed"]

    await wait_until(is_changed_back)


async def test_an_agent_that_was_removed_behind_our_back_is_made_again(cast, fake):
    nova = await cast.create()
    first = await cast.in_step(nova)
    fake.delete("agents", first["agent_id"])
    nova = await cast.edit(nova, greeting="Hello again.")
    second = await cast.in_step(nova)
    assert list(cast.mine()) == [second["agent_id"]]
    assert second["agent_id"] != first["agent_id"]


async def test_a_tool_that_was_removed_behind_our_back_is_made_again(cast, fake):
    nova = await cast.create()
    await cast.in_step(nova)
    (agent,) = cast.mine().values()
    (tool_id,) = agent["conversation_config"]["agent"]["prompt"]["tool_ids"]
    fake.delete("tools", tool_id)
    nova = await cast.edit(nova, greeting="Hello again.")
    await cast.in_step(nova)
    (agent,) = cast.mine().values()
    assert url_of(tool_of(fake, agent)).endswith(str(nova.persona_id))


async def test_what_the_vendor_refuses_is_told_in_its_words_and_not_asked_in_a_hurry(cast, fake):
    refusal = {"status": 400, "code": "invalid_model", "message": "No such model."}
    fake.fail({"operation": CREATE, **refusal})
    nova = await cast.create()
    shown = await cast.until(nova, status="failed")
    assert "No such model." in shown["error"]["detail"]
    (told,) = await cast.published("voice.agent_failed")
    assert told["error"]["code"] == shown["error"]["code"]
    assert fake.state()["requests"][CREATE] == 1
    again_at = datetime.fromisoformat(shown["next_attempt_at"])
    assert again_at > utc_now() + timedelta(minutes=10)
    fake.fail()
    await cast.in_step(await cast.edit(nova, greeting="Hello."))


def speaking(voice_id, *fallbacks):
    return Voice(
        provider="elevenlabs", voice_id=voice_id, fallback_voice_ids=list(fallbacks), enabled=True
    )


def voice_of(cast, shown):
    return cast.mine()[shown["agent_id"]]["conversation_config"]["tts"]["voice_id"]


async def compare_now(cast, sql):
    sql("update agent set due_at = now() where workspace_id = %s", cast.workspace_id)


@pytest.mark.parametrize(
    ("fallbacks", "expected"),
    [(("gone-too", FALLBACK), FALLBACK), ((), DEFAULT_VOICE_ID)],
    ids=["a-fallback", "the-default"],
)
async def test_an_agent_whose_voice_was_never_known_speaks_with_another_and_that_is_told(
    cast, fallbacks, expected
):
    nova = await cast.create(voice=speaking("nobody", *fallbacks))
    shown = await cast.in_step(nova)
    assert (shown["voice_id"], shown["replaced_voice_id"]) == (expected, "nobody")
    assert voice_of(cast, shown) == expected
    (told,) = await cast.published("voice.voice_replaced")
    assert (told["voice_id"], told["replacement_voice_id"]) == ("nobody", expected)
    assert told["reason"] == "discontinued"
    path = f"/api/personas/{nova.persona_id}/agent/differences"
    assert (await cast.client.get(path)).json()["result"] == "in_step"


async def test_a_voice_that_is_discontinued_gives_way_to_the_most_similar_until_it_is_back(
    cast, fake, sql
):
    """Of the stand-in's voices, those of one language, gender, accent and age are 30 apart."""
    own = fake.state()["voices"][OWN]
    nova = await cast.create(voice=speaking(OWN))
    shown = await cast.in_step(nova)
    assert (shown["voice_id"], shown["replaced_voice_id"]) == (OWN, None)
    fake.delete("voices", OWN)
    try:
        await compare_now(cast, sql)
        shown = await cast.until(nova, status="ready", replaced_voice_id=OWN)
        similar = fake.state()["voices"][shown["voice_id"]]
        alike = ("gender", "accent", "age", "language")
        assert [similar["labels"][name] for name in alike] == [own["labels"][n] for n in alike]
        assert voice_of(cast, shown) == similar["voice_id"]
        (told,) = await cast.published("voice.voice_replaced")
        assert told["replacement_voice_id"] == similar["voice_id"]
    finally:
        fake.put("voices", OWN, own)
    await compare_now(cast, sql)
    await cast.until(nova, status="ready", replaced_voice_id=None, voice_id=OWN)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"status": 401, "code": "quota_exceeded", "message": "No credits left."}, "quota"),
        ({"status": 422, "code": "invalid", "message": "No."}, "failed"),
    ],
)
async def test_an_error_that_waiting_does_not_mend_is_shown(cast, fake, fault, status):
    fake.fail({"operation": CREATE, **fault})
    nova = await cast.create()
    shown = await cast.until(nova, status=status)
    assert fault["message"] in shown["error"]["detail"]


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "code": "system_busy", "retry_after_seconds": 0.3},
        {"status": 429, "code": "too_many_concurrent_requests"},
        {"status": 500},
    ],
)
async def test_what_waiting_mends_is_tried_again(cast, fake, fault):
    fake.fail({"operation": CREATE, "times": 2, **fault})
    nova = await cast.create()
    await cast.in_step(nova)
    assert len(cast.mine()) == 1


async def test_a_vendor_that_is_away_longer_than_all_attempts_is_asked_again_soon(cast, fake):
    fake.fail({"operation": "POST /v1/convai/secrets", "status": 503})
    nova = await cast.create()

    async def is_given_up():
        return (await cast.status(nova))["error"]

    await wait_until(is_given_up)
    assert (await cast.status(nova))["status"] == "creating"
    fake.fail()
    await cast.in_step(nova)


async def test_an_agent_that_was_made_by_hand_for_want_of_quota_is_taken_over(cast, fake):
    used_up = {"status": 401, "code": "quota_exceeded", "message": "No credits left."}
    fake.fail({"operation": CREATE, **used_up})
    nova = await cast.create()
    await cast.until(nova, status="quota")
    by_hand = f"agent_{uuid4().hex}"
    tags = [f"persona:{nova.persona_id}", f"workspace:{cast.workspace_id}"]
    config = {"agent": {"prompt": {"prompt": "By hand."}}, "tts": {}}
    made = {"name": "Mine", "tags": tags, "conversation_config": config, "created_at": 1}
    fake.put("agents", by_hand, {**made, "updated_at": 1})
    await cast.client.post("/api/agents/update", json={})
    assert (await cast.in_step(nova))["agent_id"] == by_hand
    (agent,) = cast.mine().values()
    assert "You are Nova." in agent["conversation_config"]["agent"]["prompt"]["prompt"]


async def test_who_shares_a_voice_is_told(cast):
    alone = await cast.create("Nova", voice=speaking(OWN))
    pair = [await cast.create(name, voice=speaking(FALLBACK)) for name in ("Iris", "Mira")]
    shared = [(await cast.in_step(who))["voice_shared_with"] for who in (*pair, alone)]
    assert shared[1:] == [1, 0]
    listed = (await cast.client.get("/api/agents")).json()["items"]
    assert {item["name"]: item["voice_shared_with"] for item in listed} == {
        "Nova": 0,
        "Iris": 1,
        "Mira": 1,
    }


async def test_fields_that_did_not_stick_are_named(cast, fake):
    fake.behave(forgets=["conversation_config.tts.speed"])
    nova = await cast.create()
    shown = await cast.until(nova, status="drifted")
    assert shown["drift"] == ["voice.speed"]
    assert shown["agent_id"]


async def test_a_variable_that_nothing_fills_is_refused_before_the_vendor_is_asked(cast, fake):
    before = fake.state()["requests"].get(CREATE, 0)
    nova = await cast.create(tone="{{mood}}")
    shown = await cast.until(nova, status="failed")
    assert "{{mood}}" in shown["error"]["detail"]
    assert fake.state()["requests"].get(CREATE, 0) == before
    nova = await cast.edit(nova, prompts=nova.prompts.model_copy(update={"system": "{{lead_id}}"}))
    await cast.in_step(nova)


async def test_bulk_and_dry_run(cast, fake):
    nova, iris = await cast.create(), await cast.create("Iris")
    for who in (nova, iris):
        await cast.in_step(who)
    first = await cast.status(nova)
    listed = (await cast.client.get("/api/agents")).json()["items"]
    assert {item["name"]: item["status"] for item in listed} == {"Nova": "ready", "Iris": "ready"}
    patch = {"conversation_config": {"tts": {"speed": 0.8}}}
    fake.change("agents", first["agent_id"], patch)
    path = f"/api/personas/{nova.persona_id}/agent/differences"
    found = (await cast.client.get(path)).json()
    assert found["result"] == "differs"
    assert found["differences"] == [{"field": "voice.speed", "desired": 1.1, "observed": 0.8}]
    chosen = {"persona_ids": [str(nova.persona_id)]}
    tested = (await cast.client.post("/api/agents/test", json={})).json()["items"]
    assert sorted(item["result"] for item in tested) == ["differs", "in_step"]
    queued = await cast.client.post("/api/agents/update", json=chosen)
    assert queued.json()["items"] == [{**chosen_one(nova), "result": "queued"}]

    async def is_restored():
        return (await cast.client.get(path)).json()["result"] == "in_step"

    await wait_until(is_restored)

    async def is_queued():  # else it is worked on just now
        answer = await cast.client.post("/api/agents/recreate", json=chosen)
        return answer.json()["items"] == [{**chosen_one(nova), "result": "queued"}]

    await wait_until(is_queued)
    await wait_until(lambda: first["agent_id"] not in cast.mine() and len(cast.mine()) == 2)
    await cast.in_step(nova)


def chosen_one(who):
    return {"persona_id": str(who.persona_id)}


async def test_an_orphan_is_told_and_removed_when_asked(cast, sql):
    nova, iris = await cast.create(), await cast.create("Iris")
    for who in (nova, iris):
        await cast.in_step(who)
    lost = (await cast.status(nova))["agent_id"]
    sql("update agent set agent_id = null where persona_id = %s", nova.persona_id)
    (found,) = (await cast.client.get("/api/agents/orphans")).json()["items"]
    assert found == {"agent_id": lost, "name": "Nova", "persona_id": str(nova.persona_id)}
    kept = (await cast.status(iris))["agent_id"]
    assert (await cast.client.delete(f"/api/agents/orphans/{kept}")).status_code == 404
    assert (await cast.client.delete(f"/api/agents/orphans/{lost}")).status_code == 204
    assert list(cast.mine()) == [kept]


async def test_a_request_for_who_cannot_talk_is_refused(cast):
    nova = await cast.create(enabled=False, tone="{{mood}}")
    await cast.until(nova, persona_revision=nova.revision)
    answer = await cast.client.post(f"/api/personas/{nova.persona_id}/voice/setup")
    assert answer.status_code == 422
    assert "{{mood}}" in answer.json()["detail"]


async def test_a_request_for_a_voice_is_published(cast):
    nova = await cast.create(enabled=False)
    path = f"/api/personas/{nova.persona_id}/voice"
    assert (await cast.client.post(f"{path}/setup")).status_code == 202
    assert (await cast.client.delete(path)).status_code == 202
    told = await cast.published("voice.setup_requested", 2)
    assert [item["enabled"] for item in told] == [True, False]
