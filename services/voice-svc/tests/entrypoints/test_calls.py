"""A call leaves one record, told once; what is not signed by the provider leaves nothing."""

import json
import time
from functools import partial
from uuid import uuid4

import pytest
from calling import ended, passage, persona, signature
from persona_contracts import LeadErasedV1, PersonaErasedV1, WorkspaceErasedV1, subject_for
from service_devkit.testing.canaries import tables_with
from service_devkit.testing.waiting import wait_until
from service_kit.clock import utc_now

pytestmark = pytest.mark.processes


@pytest.fixture
def nats_url(talk_nats):
    return talk_nats.url


async def test_a_call_is_stored_whole_and_told_once(phone):
    nova, secret, agent_id = await phone.agent(persona(revision=4))
    phone.library.put(phone.workspace_id, nova.persona_id, passage("It costs 490 EUR.", 3))
    told = (await phone.ask(nova, secret)).json()
    document = ended(agent_id, lead_id="lead-1", spoken=["What does it cost?"], told=[told, told])
    began = time.monotonic()
    answers = [await phone.end(document) for _ in range(3)]
    assert time.monotonic() - began < 3
    assert [(a.status_code, a.json()["outcome"]) for a in answers] == [
        (200, "stored"),
        (200, "repeated"),
        (200, "repeated"),
    ]
    (listed,) = await phone.calls()
    assert "transcript" not in listed
    call = (await phone.client.get(f"/api/calls/{listed['call_id']}")).json()
    assert call == {
        **listed,
        "conversation_id": document["data"]["conversation_id"],
        "persona_id": str(nova.persona_id),
        "revision": 4,
        "agent_id": agent_id,
        "lead_id": "lead-1",
        "duration_seconds": 42,
        "cost": 296,
        "turns": 2,
        "transcript": [
            {"role": "agent", "message": "Hello, this is Nova.", "at_seconds": 0},
            {"role": "user", "message": "What does it cost?", "at_seconds": 3},
        ],
        "citations": told["citations"],
    }
    (event,) = await phone.told()
    names = ("conversation_id", "persona_id", "agent_id", "revision", "lead_id", "cost")
    assert {name: event[name] for name in names} == {name: call[name] for name in names}
    assert (event["duration_seconds"], event["transcript_turns"]) == (42, 2)
    assert "490 EUR" not in json.dumps(event)


async def test_the_revision_is_that_of_the_start_of_the_call(phone):
    nova, _, agent_id = await phone.agent(persona(revision=4))
    phone.runs(agent_id, nova, 5, "now() - interval '1 hour'")
    phone.runs(agent_id, nova, 6, "now() - interval '1 minute'")
    now = int(time.time())
    starts = {now - 7_200: 4, now - 600: 5, now: 6, now - 100 * 86_400: 4}
    for started_at, revision in starts.items():
        await phone.end(ended(agent_id, str(started_at), started_at=started_at))
        assert (await phone.calls())[0]["revision"] == revision


async def test_a_call_of_an_agent_that_is_not_ours_is_taken_and_not_kept(phone):
    answer = await phone.end(ended(f"agent_{uuid4().hex}", "conv-unknown"))
    assert (answer.status_code, answer.json()) == (200, {"outcome": "unknown_agent"})
    metrics = (await phone.client.get("/metrics")).text
    assert 'dramatis_voice_post_calls_total{outcome="unknown_agent"}' in metrics
    assert tables_with(phone.rows, "conv-unknown") == set()


async def test_other_webhooks_are_taken_and_not_kept(phone):
    for document in ({"type": "post_call_audio", "data": {"full_audio": "abc"}}, {"type": "new"}):
        answer = await phone.end(document)
        assert (answer.status_code, answer.json()) == (200, {"outcome": "other"})


async def test_what_is_not_signed_now_with_our_secret_is_refused(phone):
    _, _, agent_id = await phone.agent()
    body = json.dumps(ended(agent_id)).encode()
    now = time.time()
    refused = {
        "another secret": signature(body, secret="wsec_other"),
        "old": signature(body, at=now - 400),
        "of the future": signature(body, at=now + 400),
        "years ahead": signature(body, at=now + 10 * 365 * 86_400),
        "of another body": signature(body + b" "),
        "no time": signature(body).partition(",")[2],
        "no digest": signature(body).partition(",")[0],
        "nothing": "",
        "bytes": "t=1,v0=\xff\xfe".encode("latin-1"),
    }
    for name, header in refused.items():
        answer = await phone.send(body, {"ElevenLabs-Signature": header})
        assert answer.status_code == 401, name
    assert (await phone.send(body, {})).status_code == 401
    assert (
        await phone.send(b"\xff{", {"ElevenLabs-Signature": signature(body)})
    ).status_code == 401
    assert await phone.calls() == []


SIGNED = [
    b"",
    b"\xff\xfe\x00",
    b"{",
    b"[]",
    b"null",
    b'{"type": 7}',
    b'{"type": "post_call_transcription"}',
    b'{"type": "post_call_transcription", "data": {"agent_id": "a"}}',
    b"[" * 50_000,
]


@pytest.mark.parametrize("body", SIGNED, ids=range(len(SIGNED)))
async def test_what_is_signed_and_no_call_is_refused_without_breaking_anything(phone, body):
    answer = await phone.end(body)
    assert answer.status_code in {400, 422}


@pytest.mark.parametrize(
    "change",
    [
        {"conversation_id": ""},
        {"conversation_id": "x" * 256},
        {"metadata": {"start_time_unix_secs": 10**18, "call_duration_secs": 1}},
        {"metadata": {"start_time_unix_secs": -1, "call_duration_secs": 1}},
        {"metadata": {"start_time_unix_secs": 1, "call_duration_secs": 10**12}},
        {"metadata": {"start_time_unix_secs": 1, "call_duration_secs": 1, "cost": 10**12}},
        {"transcript": "text"},
    ],
)
async def test_a_call_with_impossible_values_is_refused(phone, change):
    _, _, agent_id = await phone.agent()
    document = ended(agent_id)
    document["data"].update(change)
    assert (await phone.end(document)).status_code == 422


async def test_what_a_call_may_hold_is_kept_as_far_as_it_can_be(phone):
    _, _, agent_id = await phone.agent()
    document = ended(agent_id)
    document["data"]["transcript"] += [
        {"role": "user", "message": "nul\x00 here", "time_in_call_secs": 1.5},
        {"role": "tool", "message": None},
        {"role": "agent", "message": "", "tool_results": None, "unknown": {"a": 1}},
        {
            "role": "agent",
            "message": "Bye.",
            "tool_results": [{"tool_name": "query_persona_knowledge", "result_value": "no json"}],
        },
    ]
    variables = document["data"]["conversation_initiation_client_data"]["dynamic_variables"]
    variables["lead_id"] = {"not": "an id"}
    document["data"]["metadata"]["cost"] = None
    assert (await phone.end(document)).json() == {"outcome": "stored"}
    (listed,) = await phone.calls()
    assert (listed["lead_id"], listed["cost"], listed["turns"]) == (None, None, 3)
    call = (await phone.client.get(f"/api/calls/{listed['call_id']}")).json()
    assert [turn["message"] for turn in call["transcript"]][1:] == ["nul\ufffd here", "Bye."]


async def test_calls_are_listed_by_persona_lead_and_time_in_pages(phone):
    nova, _, agent_id = await phone.agent()
    mira, _, miras = await phone.agent()
    now = int(time.time())
    for number in range(5):
        lead_id = f"lead-{number % 2}"
        document = ended(agent_id, f"c{number}", lead_id=lead_id, started_at=now - number * 60)
        await phone.end(document)
    await phone.end(ended(miras, "m0"))

    async def names(**filters):
        return [call["conversation_id"] for call in await phone.calls(**filters)]

    assert await names() == ["m0", "c4", "c3", "c2", "c1", "c0"]
    assert await names(persona_id=str(mira.persona_id)) == ["m0"]
    assert await names(lead_id="lead-1") == ["c3", "c1"]
    since = utc_now().fromtimestamp(now - 130, utc_now().tzinfo).isoformat()
    until = utc_now().fromtimestamp(now - 30, utc_now().tzinfo).isoformat()
    assert await names(persona_id=str(nova.persona_id), since=since) == ["c2", "c1", "c0"]
    assert await names(since=since, until=until) == ["c2", "c1"]
    first = (await phone.client.get("/api/calls", params={"limit": 4})).json()
    second = await phone.client.get("/api/calls", params={"limit": 4, "after": first["next"]})
    assert [c["conversation_id"] for c in second.json()["items"]] == ["c1", "c0"]
    assert second.json()["next"] is None
    for wrong in ({"persona_id": "nova"}, {"since": "yesterday"}, {"after": "no-cursor"}):
        assert (await phone.client.get("/api/calls", params=wrong)).status_code == 422


async def test_calls_are_exported_whole_a_line_each(phone):
    _, _, agent_id = await phone.agent()
    for number in range(60):
        await phone.end(ended(agent_id, f"c{number}", lead_id=f"lead-{number % 2}"))
    answer = await phone.client.get("/api/calls/export", params={"lead_id": "lead-1"})
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["conversation_id"] for line in lines] == [f"c{n}" for n in range(59, 0, -2)]
    assert all(line["transcript"] for line in lines)


async def test_another_workspace_sees_no_call(phone, talk_api):
    _, _, agent_id = await phone.agent()
    await phone.end(ended(agent_id))
    (call,) = await phone.calls()
    async with talk_api.client(f"{phone.workspace_id}-next") as other:
        assert (await other.get("/api/calls")).json()["items"] == []
        assert (await other.get("/api/calls/export")).text == ""
        assert (await other.get(f"/api/calls/{call['call_id']}")).status_code == 404


@pytest.fixture
def kept(phone, run_fake):
    """Return a function that ends a call, of which the vendor keeps a copy."""

    async def end(agent_id, conversation_id, *, is_told=True, **values):
        conversation_id = f"{phone.workspace_id}-{conversation_id}"
        document = ended(agent_id, conversation_id, **values)
        run_fake.put("conversations", conversation_id, {**document["data"], "status": "done"})
        return (await phone.end(document)).json()["outcome"] if is_told else None

    return end


def vendors_copies(phone, fake):
    """Return what the vendor has of the calls of the workspace."""
    mine = f"{phone.workspace_id}-"
    return {key.removeprefix(mine) for key in fake.state()["conversations"] if key.startswith(mine)}


async def erase_lead(phone, lead_id):
    event = LeadErasedV1(workspace_id=phone.workspace_id, lead_id=lead_id, erased_at=utc_now())
    await phone.js.publish(subject_for(event), event.model_dump_json().encode())


async def erase_persona(phone, who):
    told = {"workspace_id": phone.workspace_id, "occurred_at": utc_now()}
    await phone.publish(PersonaErasedV1(**told, persona_id=who.persona_id, revision=9))


async def erase_workspace(phone):
    await phone.publish(WorkspaceErasedV1(workspace_id=phone.workspace_id, occurred_at=utc_now()))


async def test_the_calls_of_a_deleted_persona_are_hidden_until_it_is_back(phone):
    nova, _, agent_id = await phone.agent()
    _, _, miras = await phone.agent()
    await phone.end(ended(agent_id, "c1"))
    await phone.end(ended(miras, "m1"))
    (shown,) = await phone.calls(persona_id=str(nova.persona_id))
    await phone.delete(nova)
    assert [call["conversation_id"] for call in await phone.calls()] == ["m1"]
    assert (await phone.client.get(f"/api/calls/{shown['call_id']}")).status_code == 404
    back = nova.model_copy(update={"revision": 10})
    await phone.state(nova.persona_id, back)
    assert await phone.calls(persona_id=str(nova.persona_id)) == [shown]
    assert (await phone.client.get(f"/api/calls/{shown['call_id']}")).status_code == 200


async def test_with_a_lead_its_calls_go_at_the_vendors_too(phone, kept, fake):
    _, _, agent_id = await phone.agent()
    assert await kept(agent_id, "c1", lead_id="lead-1", started_at=time.time() - 9) == "stored"
    assert await kept(agent_id, "c2", lead_id="lead-2") == "stored"
    await erase_lead(phone, "lead-1")
    await wait_until(lambda: vendors_copies(phone, fake) == {"c2"})
    late = await kept(agent_id, "late", lead_id="lead-1", started_at=time.time() - 60)
    assert late == "erased"
    await wait_until(lambda: vendors_copies(phone, fake) == {"c2"})
    assert fake.state()["violations"] == []


async def test_with_a_persona_go_also_calls_at_the_vendors_that_were_never_told(phone, kept, fake):
    nova, _, agent_id = await phone.agent()
    phone.runs(f"before-{agent_id}", nova, 1)
    _, _, miras = await phone.agent()
    await kept(agent_id, "c1")
    for number in range(120):  # more than a page
        await kept(agent_id, f"untold-{number}", is_told=False)
    await kept(f"before-{agent_id}", "earlier", is_told=False)
    await kept(miras, "m1")
    await erase_persona(phone, nova)
    await wait_until(lambda: vendors_copies(phone, fake) == {"m1"})
    assert fake.state()["violations"] == []


@pytest.mark.parametrize("erase", [erase_lead, erase_persona, erase_workspace])
async def test_a_vendor_that_is_away_keeps_nothing_here_and_is_asked_until_it_is_done(
    phone, kept, fake, erase
):
    nova, _, agent_id = await phone.agent()
    canary = f"said-{phone.workspace_id}"
    await kept(agent_id, "c1", lead_id="lead-1", spoken=[canary], started_at=time.time() - 9)
    await phone.told()
    fake.fail({"status": 503})
    about = {erase_lead: ["lead-1"], erase_persona: [nova]}
    await erase(phone, *about.get(erase, []))
    await wait_until(lambda: not tables_with(phone.rows, canary) - {"erasure"})

    async def what_is_left_is_shown():
        (shown,) = (await phone.client.get("/api/agents")).json()["items"]
        why = (shown["status"], shown["error"] and shown["error"]["code"])
        is_told = erase is erase_lead or why == ("deleting", "voice-unavailable")
        return shown["calls_to_delete"] == 1 and is_told

    await wait_until(what_is_left_is_shown)
    assert vendors_copies(phone, fake) == {"c1"}
    fake.fail()
    await wait_until(lambda: vendors_copies(phone, fake) == set(), 180)
    query = "select count(*) from conversation_removal where workspace_id = %s"
    left = partial(phone.rows.execute, query, [phone.workspace_id])
    await wait_until(lambda: left().fetchone() == (0,))
    await erased(phone)


async def erased(phone):
    query = "select count(*) from erasure where workspace_id = %s and erased_at is not null"
    await wait_until(lambda: phone.rows.execute(query, [phone.workspace_id]).fetchone() == (1,))


async def test_an_erased_lead_leaves_no_call_and_takes_no_other_along(phone):
    _, _, agent_id = await phone.agent()
    canary = f"lead-{phone.workspace_id}"
    late = ended(agent_id, "late", lead_id=canary, started_at=time.time() - 5)
    await phone.end(
        ended(agent_id, "c1", lead_id=canary, spoken=[canary], started_at=time.time() - 9)
    )
    await phone.end(ended(agent_id, "c2", lead_id="other"))
    await phone.told(2)
    await erase_lead(phone, canary)
    await erased(phone)
    assert tables_with(phone.rows, canary) == set()
    assert [call["conversation_id"] for call in await phone.calls()] == ["c2"]
    assert (await phone.end(late)).json() == {"outcome": "erased"}
    assert tables_with(phone.rows, canary) == set()


async def test_an_erased_persona_leaves_no_call_and_takes_no_other_along(phone):
    nova, _, agent_id = await phone.agent()
    _, _, miras = await phone.agent()
    canary = f"said-{phone.workspace_id}"
    await phone.end(ended(agent_id, "c1", spoken=[canary]))
    await phone.end(ended(miras, "m1"))
    await phone.told(2)
    await erase_persona(phone, nova)
    await erased(phone)
    assert tables_with(phone.rows, canary) == set()
    assert {"call", "agent_revision", "outbox"} & tables_with(
        phone.rows, str(nova.persona_id)
    ) == set()
    assert [call["conversation_id"] for call in await phone.calls()] == ["m1"]
    late = ended(agent_id, "late", spoken=[canary])
    assert (await phone.end(late)).json() == {"outcome": "unknown_agent"}


async def test_an_erased_workspace_leaves_no_call(phone):
    _, _, agent_id = await phone.agent()
    await phone.end(ended(agent_id, spoken=[f"said-{phone.workspace_id}"]))
    await phone.told()
    await erase_workspace(phone)
    await erased(phone)
    await wait_until(lambda: tables_with(phone.rows, phone.workspace_id) == {"erasure"})
