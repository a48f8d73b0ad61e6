"""Row 14: what a voice agent's question costs, beside the same search asked straight; its calls."""

import asyncio
import hmac
import http.client
import json
import time
from collections.abc import Mapping
from hashlib import sha256
from time import perf_counter
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import nats
import psycopg
from measured import Measured, Row
from nats.aio.client import Client
from persona_contracts import (
    KnowledgeSearchV1,
    ResolvedPersona,
    state_subject,
)
from servers import durable_servers
from service_devkit.testing.api import Api
from service_devkit.testing.waiting import wait_until
from service_kit.clock import utc_now
from service_kit.ids import new_id
from service_kit.knowledge import search_knowledge
from service_kit.topology import apply_streams
from timing import percentile

WORKSPACE = "bench"
SECRET = f"bench-{uuid4()}"
AGENT_ID = "agent_bench"
CALLS_SHARE = 5
"""A call ends for each so many questions."""
FACTS = [f"Plan {number} costs {number * 7 + 3} EUR a month for a team." for number in range(200)]


def measure(*, quick: bool) -> Row:
    """Ask by turns: the search straight, through the tool's route, and there once more."""
    questions = 100 if quick else 1_000
    with durable_servers() as servers:
        persona = asyncio.run(_publish_persona(servers.broker.url))
        with (
            servers.service("ingest_svc", more={"DRAMATIS_INGEST_EMBEDDER": "none"}) as (_, ingest),
            servers.service("voice_svc", more={"DRAMATIS_VOICE_WEBHOOK_SECRET": SECRET}) as (
                database,
                voice,
            ),
        ):
            _add_agent(database.admin_url, persona.persona_id)
            asyncio.run(_teach(servers.broker.url, ingest, persona.persona_id))
            straight, missed, hit = asyncio.run(
                _alternate(servers.broker.url, voice, persona.persona_id, questions)
            )
            stored = _end_calls(_Provider(voice.url), questions // CALLS_SHARE)
    added = percentile(missed, 50) - percentile(straight, 50)
    return Row(
        title="A question of a voice agent's tool",
        figures=[
            Measured("search asked straight: p50", percentile(straight, 50), "ms"),
            Measured("search asked straight: p99", percentile(straight, 99), "ms"),
            Measured("answer looked up: p50", percentile(missed, 50), "ms"),
            Measured("answer looked up: p99", percentile(missed, 99), "ms"),
            Measured("a look-up adds to the search, p50", added, "ms", at_most=10),
            Measured("answer remembered: p50", percentile(hit, 50), "ms", at_most=2),
            Measured("answer remembered: p99", percentile(hit, 99), "ms", at_most=10),
            Measured("an ended call is stored: p50", percentile(stored, 50), "ms"),
            Measured("an ended call is stored: p99", percentile(stored, 99), "ms", at_most=100),
        ],
        setup=f"{questions} questions each, one after the other, over HTTP on one connection;"
        f" {len(FACTS)} sentences, by words alone",
    )


async def _publish_persona(nats_url: str) -> ResolvedPersona:
    persona = ResolvedPersona.model_validate(
        {
            "persona_id": str(new_id()),
            "name": "Nova",
            "prompts": {"system": "", "rag": "", "user": ""},
            "version": 1,
            "revision": 1,
            "updated_at": utc_now().isoformat(),
        }
    )
    connection = await nats.connect(nats_url)
    await apply_streams(connection.jetstream())
    subject = state_subject(WORKSPACE, "persona", str(persona.persona_id))
    await connection.jetstream().publish(subject, persona.model_dump_json().encode())
    await connection.close()
    return persona


def _add_agent(database_url: str, persona_id: UUID) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "insert into agent (persona_id, workspace_id, state, wanted_revision,"
            " tool_secret_sha256) values (%s, %s, 'ready', 1, %s)",
            [persona_id, WORKSPACE, sha256(SECRET.encode()).digest()],
        )
        connection.execute(
            "insert into agent_revision (agent_id, revision, workspace_id, persona_id)"
            " values (%s, 1, %s, %s)",
            [AGENT_ID, WORKSPACE, persona_id],
        )


async def _teach(nats_url: str, ingest: Api, persona_id: UUID) -> None:
    """Upload the facts, and wait until all of them are known."""
    connection = await nats.connect(nats_url)
    ready = await connection.subscribe(f"knowledge.ready.v1.{WORKSPACE}")
    await connection.flush()
    path = f"/api/personas/{persona_id}/files"
    async with ingest.client(WORKSPACE) as client:

        async def uploaded() -> bool:
            text = "\n\n".join(FACTS).encode()
            answer = await client.post(path, files={"files": ("prices.txt", text, "text/plain")})
            return answer.is_success

        await wait_until(uploaded, 60)
    await ready.next_msg(timeout=120)
    await connection.close()


async def _alternate(
    nats_url: str, voice: Api, persona_id: UUID, questions: int
) -> tuple[list[float], list[float], list[float]]:
    connection = await nats.connect(nats_url)
    provider, path = _Provider(voice.url), f"/elevenlabs/function-call/{persona_id}"

    def ask(text: str) -> tuple[float, int]:
        return provider.post(path, json.dumps({"query": text}).encode(), {"X-Tool-Secret": SECRET})

    await wait_until(lambda: ask("Is anybody there?")[1] == http.HTTPStatus.OK, 60)
    straight: list[float] = []
    missed: list[float] = []
    hit: list[float] = []
    for number in range(questions):
        text = f"What does plan {number % len(FACTS)} cost, asked {number} times?"
        straight.append(await _search(connection, persona_id, text))
        missed.append(ask(text)[0])
        hit.append(ask(text)[0])
    await connection.close()
    return straight, missed, hit


async def _search(connection: Client, persona_id: UUID, text: str) -> float:
    question = KnowledgeSearchV1(
        workspace_id=WORKSPACE, persona_id=persona_id, query=text, limit=5, at_least_revision=1
    )
    start = perf_counter()
    found = await search_knowledge(connection, question)
    took = (perf_counter() - start) * 1_000
    if not found.passages:
        raise RuntimeError("the search found nothing")
    return took


def _end_calls(provider: "_Provider", count: int) -> list[float]:
    """Tell of calls with 40 turns each; return how many milliseconds each took."""
    turns = [{"role": "agent", "message": fact, "time_in_call_secs": 1} for fact in FACTS[:40]]
    took: list[float] = []
    for number in range(count):
        now = int(time.time())
        data = {
            "agent_id": AGENT_ID,
            "conversation_id": f"conv-{number}",
            "transcript": turns,
            "metadata": {"start_time_unix_secs": now, "call_duration_secs": 60, "cost": 100},
        }
        body = json.dumps({"type": "post_call_transcription", "data": data}).encode()
        digest = hmac.new(SECRET.encode(), f"{now}.".encode() + body, sha256).hexdigest()
        headers = {"ElevenLabs-Signature": f"t={now},v0={digest}"}
        milliseconds, status = provider.post("/elevenlabs/post-call", body, headers)
        if status != http.HTTPStatus.OK:
            raise RuntimeError(f"a call was answered {status}")
        took.append(milliseconds)
    return took


class _Provider:
    """The speech provider's side: one connection that stays open."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(str(address.hostname), address.port)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[float, int]:
        """Return how many milliseconds the answer took, and its status."""
        start = perf_counter()
        self._connection.request(
            "POST", path, body, {"content-type": "application/json", **headers}
        )
        answer = self._connection.getresponse()
        answer.read()
        return (perf_counter() - start) * 1_000, answer.status
