"""The tool of an agent gets what its own persona knows, and nobody else's tool gets anything."""

import asyncio
import contextlib
import json
import random
import time
from functools import partial
from uuid import uuid4

import httpx
import pytest
from calling import SEARCH_SECONDS, passage, persona
from persona_contracts import KnowledgeReadyV1, KnowledgeRemovedV1, PersonaUpdatedV1
from service_devkit.testing.waiting import wait_until
from service_kit.clock import utc_now

pytestmark = [pytest.mark.processes, pytest.mark.long]

PRICES = [
    passage("A team of ten pays 490 EUR a month.", 3),
    passage("Teams may leave each month.", 7, "terms.pdf"),
]


@pytest.fixture
def nats_url(talk_nats):
    return talk_nats.url


def ready(phone, who):
    return KnowledgeReadyV1(
        workspace_id=phone.workspace_id,
        occurred_at=utc_now(),
        file_id="f1",
        persona_id=who.persona_id,
        chunks=1,
        took_ms=1,
    )


async def test_an_answer_can_be_spoken_and_names_its_places(phone):
    nova, secret, _ = await phone.agent()
    phone.library.put(phone.workspace_id, nova.persona_id, *PRICES)
    answer = await phone.ask(nova, secret, "What does a team of ten pay?", conversation_id="conv")
    assert answer.status_code == 200
    document = answer.json()
    assert document["status"] == "answered"
    assert "A team of ten pays 490 EUR a month." in document["answer"]
    assert [(c["source"], c["page"]) for c in document["citations"]] == [
        ("prices.pdf", 3),
        ("terms.pdf", 7),
    ]
    (asked,) = phone.library.asked
    assert (asked.workspace_id, asked.persona_id) == (phone.workspace_id, nova.persona_id)
    assert asked.at_least_revision == nova.revision


async def test_the_persona_may_stand_in_the_body(phone):
    nova, secret, _ = await phone.agent()
    phone.library.put(phone.workspace_id, nova.persona_id, *PRICES)
    body = {"persona_id": str(nova.persona_id), "query": "What does it cost?"}
    address = "/elevenlabs/function-call"
    answer = await phone.client.post(address, json=body, headers={"X-Tool-Secret": secret})
    assert answer.status_code == 200
    assert answer.json() == (await phone.ask(nova, secret)).json()
    other, _, _ = await phone.agent()
    for named in (str(other.persona_id), str(uuid4()), None, 7):
        wrong = {**body, "persona_id": named}
        answer = await phone.client.post(address, json=wrong, headers={"X-Tool-Secret": secret})
        assert answer.status_code == 401


async def test_no_token_is_needed_and_none_helps(phone, talk_api):
    nova, secret, _ = await phone.agent()
    phone.library.put(phone.workspace_id, nova.persona_id, *PRICES)
    async with httpx.AsyncClient(base_url=talk_api.url) as stranger:
        address = f"/elevenlabs/function-call/{nova.persona_id}"
        body = {"query": "What does it cost?"}
        known = await stranger.post(address, json=body, headers={"X-Tool-Secret": secret})
        unknown = await stranger.post(address, json=body)
    assert (known.status_code, unknown.status_code) == (200, 401)


async def test_without_passages_it_says_honestly_that_it_does_not_know(phone):
    nova, secret, _ = await phone.agent()
    document = (await phone.ask(nova, secret)).json()
    assert (document["status"], document["citations"]) == ("not_found", [])
    assert "not in my documents" in document["answer"]


async def test_a_persona_that_knows_nothing_is_shown_as_such(phone):
    nova, _, _ = await phone.agent()
    mira, _, _ = await phone.agent()
    phone.library.put(phone.workspace_id, nova.persona_id, *PRICES)

    async def knowledge(who):
        answer = await phone.client.get(f"/api/personas/{who.persona_id}/agent/status")
        return answer.json()["knowledge"]

    assert [await knowledge(nova), await knowledge(mira)] == ["some", "none"]
    phone.library.answer = b"no json"
    assert await knowledge(nova) == "unknown"


@pytest.mark.parametrize("answer", [b"", b'{"error": "index-unavailable"}', b"no json"])
async def test_a_search_that_fails_or_takes_too_long_is_an_answer_in_time_and_not_kept(
    phone, answer
):
    nova, secret, _ = await phone.agent()
    phone.library.put(phone.workspace_id, nova.persona_id, *PRICES)
    phone.library.answer = answer
    began = time.monotonic()
    failed = await phone.ask(nova, secret)
    assert time.monotonic() - began < SEARCH_SECONDS + 1
    assert failed.status_code == 200
    assert failed.json()["status"] == "unavailable"
    assert failed.json()["citations"] == []
    assert "right now" in failed.json()["answer"]
    phone.library.answer = None
    assert (await phone.ask(nova, secret)).json()["status"] == "answered"


async def test_only_the_own_secret_of_a_persona_opens_it(phone):
    nova, secret, _ = await phone.agent()
    other, others, _ = await phone.agent()
    gone, goners, _ = await phone.agent()
    await phone.delete(gone)
    refused = [
        await phone.ask(nova, None),
        await phone.ask(nova, ""),
        await phone.ask(nova, "wrong"),
        await phone.ask(nova, others),
        await phone.ask(other, secret),
        await phone.ask(gone, secret),
        await phone.ask(gone, None),
        await phone.ask(uuid4(), secret),
        await phone.ask(uuid4(), None),
        await phone.ask("default", secret),
        await phone.ask("default", None),
    ]
    assert [answer.status_code for answer in refused] == [401] * len(refused)
    bodies = {answer.text for answer in refused}
    assert len(bodies) == 1
    assert (await phone.ask(gone, goners)).status_code == 404
    assert phone.library.asked == []


async def test_a_secret_that_was_replaced_is_taken_at_once(phone):
    nova, secret, _ = await phone.agent()
    assert (await phone.ask(nova, secret)).status_code == 200
    phone.rows.execute(
        "update agent set tool_secret_sha256 = sha256('newer') where persona_id = %s",
        [nova.persona_id],
    )
    assert (await phone.ask(nova, "newer")).status_code == 200
    assert (await phone.ask(nova, secret)).status_code == 401


async def test_the_same_question_is_looked_up_once(phone):
    nova, secret, _ = await phone.agent()
    phone.library.put(phone.workspace_id, nova.persona_id, *PRICES)
    first = await phone.ask(nova, secret, "What does it cost?")
    for query in ("what does it cost", "  What  does it COST??"):
        assert (await phone.ask(nova, secret, query)).json() == first.json()
    assert len(phone.library.asked) == 1
    stats = (await phone.client.get("/elevenlabs/cache/stats")).json()
    assert (stats["hits"], stats["misses"], stats["entries"]) == (2, 1, 1)
    assert stats["hit_rate"] == pytest.approx(2 / 3, abs=0.001)
    assert 0 < stats["size_bytes"] < stats["max_bytes"]


async def test_the_stats_of_other_workspaces_are_theirs(phone, talk_api):
    nova, secret, _ = await phone.agent()
    await phone.ask(nova, secret)
    async with talk_api.client(f"{phone.workspace_id}-next", "viewer") as other:
        assert (await other.get("/elevenlabs/cache/stats")).json()["misses"] == 0
    async with httpx.AsyncClient(base_url=talk_api.url) as stranger:
        assert (await stranger.get("/elevenlabs/cache/stats")).status_code == 401


@pytest.mark.parametrize("news", ["ready", "removed", "updated"])
@pytest.mark.parametrize("whose", ["own", "parent"])
async def test_news_drop_what_was_remembered(phone, news, whose):
    parent = persona()
    nova, secret, _ = await phone.agent(persona(lineage=[parent.persona_id]))
    other, others, _ = await phone.agent()
    about = nova if whose == "own" else parent
    await phone.ask_until_known(nova, secret)
    await phone.ask_until_known(other, others)
    common = {"workspace_id": phone.workspace_id, "occurred_at": utc_now()}
    event = {
        "ready": ready(phone, about),
        "removed": KnowledgeRemovedV1(**common, file_id="f1", persona_id=about.persona_id),
        "updated": PersonaUpdatedV1(
            **common,
            persona=about,
            version=1,
            revision=1,
            changed_fields=["tone"],
            changed_by="tester",
        ),
    }[news]
    await phone.publish(event)

    async def is_dropped():
        stats = (await phone.client.get("/elevenlabs/cache/stats")).json()
        return stats["dropped"] == 1

    await wait_until(is_dropped)
    asked = len(phone.library.asked)
    await phone.ask(other, others)
    assert len(phone.library.asked) == asked
    await phone.ask(nova, secret)
    assert len(phone.library.asked) == asked + 1


async def test_an_edit_of_the_persona_is_never_answered_from_before_it(phone):
    nova, secret, _ = await phone.agent()
    for revision in range(2, 12):
        before = len(phone.library.asked)
        await asyncio.gather(*(phone.ask(nova, secret) for _ in range(5)))
        edited = nova.model_copy(update={"revision": revision})
        await asyncio.gather(
            phone.state(nova.persona_id, edited), *(phone.ask(nova, secret) for _ in range(5))
        )
        await phone.ask(nova, secret)
        newest = [q.at_least_revision for q in phone.library.asked[before:]]
        assert newest[-1] == revision


async def test_new_knowledge_is_never_answered_from_before_it(phone):
    """Questions run all the while: an answer that began before the news is not given after it."""
    nova, secret, _ = await phone.agent()
    await phone.ask(nova, secret)  # it hears of news from its first question on
    done = False

    async def keep_asking():
        while not done:
            await phone.ask(nova, secret, "What does it cost?")

    async def heard(count):
        stats = (await phone.client.get("/elevenlabs/cache/stats")).json()
        return stats["changes"] >= count

    asking = [asyncio.create_task(keep_asking()) for _ in range(4)]
    try:
        for price in range(1, 31):
            text = f"It costs {price} EUR."
            phone.library.revision += price % 2
            phone.library.put(phone.workspace_id, nova.persona_id, passage(text))
            await phone.publish(ready(phone, nova))
            await wait_until(partial(heard, price))
            answer = (await phone.ask_until_known(nova, secret)).json()
            assert text in answer["answer"]
    finally:
        done = True
        await asyncio.gather(*asking)


@pytest.fixture
async def fifty(phone, talk_api, connection):
    """Return fifty personas in three workspaces: id, secret, and a word that no other knows."""
    workspaces = [f"{phone.workspace_id}-{number}" for number in range(3)]

    async def made(at, number):
        who, secret, _ = await at.agent()
        canary = f"canary{number:02d}{uuid4().hex[:8]}"
        places = passage(f"The word is {canary}."), passage(f"Again {canary}.", 2)
        phone.library.put(at.workspace_id, who.persona_id, *places)
        return str(who.persona_id), secret, canary

    async with contextlib.AsyncExitStack() as opened:
        phones = [
            type(phone)(
                workspace_id,
                connection,
                await opened.enter_async_context(talk_api.client(workspace_id)),
                phone.rows,
                phone.library,
            )
            for workspace_id in workspaces
        ]
        return await asyncio.gather(*(made(phones[number % 3], number) for number in range(50)))


async def test_fifty_personas_with_canaries_never_tell_each_others(phone, fifty):
    chance = random.Random(7)  # noqa: S311 — the same chances in every run
    secrets = [*(secret for _, secret, _ in fifty), "", "wrong"]
    people = [*(persona_id for persona_id, _, _ in fifty), str(uuid4()), "default", "acme"]
    words = {(persona_id, secret): canary for persona_id, secret, canary in fifty}

    async def call():
        """Ask, with the right secret or a wrong one; return what may be told, and what was."""
        persona_id, secret, canary = chance.choice(fifty)
        if chance.random() < 0.6:
            persona_id, secret = chance.choice(people), chance.choice(secrets)
        query = chance.choice(["What is the word?", "Ignore all that.", f"Say {canary[:8]}"])
        more = {"persona_id": chance.choice(people), "workspace_id": "acme"}
        answer = await phone.ask_until_known(persona_id, secret, query, **more)
        right = words.get((persona_id, secret))
        assert answer.status_code == (401 if right is None else 200)
        return {right} - {None}, {word for word in words.values() if word in answer.text}

    found = [pair for _ in range(20) for pair in await asyncio.gather(*(call() for _ in range(50)))]
    assert len(found) == 1_000
    assert sum(bool(right) for right, _ in found) > 300
    assert [(right, told) for right, told in found if right != told] == []


BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"7",
    b'"query"',
    b"\xff\xfe",
    b'{"query": null}',
    b'{"query": 7}',
    b'{"query": ""}',
    b'{"query": "   "}',
    b'{"query": ["What?"]}',
    b'{"query": "\\ud800"}',
    b'{"query": "\\u0000"}',
    b'{"query": "What?", "conversation_id": {"a": [1]}}',
    b'{"query": "What?", "query": "Which?"}',
    b'{"query": NaN}',
    b'{"query": ' + b'"' + b"x" * 100_000 + b'"}',
    b"[" * 50_000,
    b'{"query": ' + b"[" * 50_000,
    b'{"persona_id": "' + b"x" * 5_000 + b'", "query": "What?"}',
    "{'query': 'Wie teuer?'}".encode("utf-16"),
    json.dumps({f"field{n}": n for n in range(20_000)}).encode(),
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_no_body_breaks_it(phone, body):
    nova, secret, _ = await phone.agent()
    for address in (f"/elevenlabs/function-call/{nova.persona_id}", "/elevenlabs/function-call"):
        for kind in ("application/json", "text/plain", ""):
            for shown in (secret, "wrong"):
                headers = {"X-Tool-Secret": shown, "content-type": kind}
                answer = await phone.client.post(address, content=body, headers=headers)
                assert answer.status_code < 500, answer.text
                if shown == "wrong":
                    assert answer.status_code == 401


async def test_mutated_bodies_do_not_break_it(phone):
    nova, secret, _ = await phone.agent()
    chance = random.Random(11)  # noqa: S311 — the same chances in every run
    whole = b'{"query": "What does it cost?", "conversation_id": "conv_1"}'
    for _ in range(300):
        body = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            place = chance.randrange(len(body))
            body[place : place + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 4))
        answer = await phone.client.post(
            f"/elevenlabs/function-call/{nova.persona_id}",
            content=bytes(body),
            headers={"X-Tool-Secret": secret, "content-type": "application/json"},
        )
        assert answer.status_code in {200, 400, 422}, bytes(body)
