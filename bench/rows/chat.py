"""Row 21: what a chat adds to its model's first word; a switch of personas; a long history."""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter
from uuid import UUID

import httpx
import nats
import psycopg
from measured import TIMES, Measured, Row
from persona_contracts import ResolvedPersona, state_subject
from servers import durable_servers
from service_devkit.testing.api import Api
from service_devkit.testing.database import Database
from service_devkit.testing.http_stub import HttpStub, Reply
from service_devkit.testing.waiting import wait_until
from service_kit.clock import utc_now
from service_kit.ids import new_id
from service_kit.topology import apply_streams
from timing import percentile

WORKSPACE = "bench"
MODEL_PATH = "/v1/chat/completions"
FIRST_SECONDS = 0.2
"""Until the model's first word."""
WORDS = 20
TURNS = 20
USERS = 1_000
WRITER = {"DRAMATIS_CHAT_MODEL": "m", "DRAMATIS_CHAT_OPENAI_API_KEY": "none"}
CONVERSATIONS = """
insert into conversation (conversation_id, workspace_id, user_id, title, seq, message_count)
select gen_random_uuid(), %(workspace)s,
  case when n %% %(users)s = 0 then 'tester' else 'user-' || n %% %(users)s end,
  'Talk ' || n, %(turns)s, %(turns)s
from generate_series(1, %(count)s) n
"""
MESSAGES = """
insert into message (message_id, workspace_id, conversation_id, seq, role, kind, status, content)
select gen_random_uuid(), c.workspace_id, c.conversation_id, n,
  case when n %% 2 = 1 then 'user' else 'assistant' end, 'text', 'completed', 'Words of turn ' || n
from conversation c, generate_series(1, %(turns)s) n
"""


def measure(*, quick: bool) -> Row:
    """Ask by turns: the model straight, and through the chat; then switch and list."""
    rounds, conversations = (20, 2_000) if quick else (300, 100_000)

    def fill(database: Database) -> None:
        counts = {"workspace": WORKSPACE, "users": USERS, "turns": TURNS, "count": conversations}
        with psycopg.connect(database.admin_url, autocommit=True) as admin:
            for statement in (CONVERSATIONS, MESSAGES):
                admin.execute(statement, counts)
            admin.execute("analyze")

    with durable_servers() as servers:
        personas = asyncio.run(_publish_personas(servers.broker.url))
        stub = HttpStub()
        more = {**WRITER, "DRAMATIS_CHAT_OPENAI_BASE_URL": f"{stub.url}/v1"}
        with servers.service("chat_svc", prepare=fill, more=more) as (_, chat):
            straight, through, switches, lists = asyncio.run(_ask(stub, chat, personas, rounds))
    added = percentile(through, 95) - percentile(straight, 95)
    ratio = percentile(straight, 50) / percentile(through, 50)
    return Row(
        title="A chat",
        figures=[
            Measured("first word of the model asked straight: p95", percentile(straight, 95), "ms"),
            Measured("first word through the chat: p95", percentile(through, 95), "ms"),
            Measured("the chat adds to the first word, p95", added, "ms", at_most=50),
            Measured("first word, straight to through, p50", ratio, TIMES),
            Measured(
                "another persona takes over: p95", percentile(switches, 95), "ms", at_most=200
            ),
            Measured("a page of the history: p95", percentile(lists, 95), "ms", at_most=50),
        ],
        setup=f"{rounds} times each; a model that takes {FIRST_SECONDS:g} s to its first word;"
        f" {conversations:,} conversations of {USERS:,} users, {conversations * TURNS:,} messages",
    )


async def _publish_personas(nats_url: str) -> list[UUID]:
    connection = await nats.connect(nats_url)
    await apply_streams(connection.jetstream())
    ids = [new_id(), new_id()]
    for revision, persona_id in enumerate(ids, start=1):
        persona = ResolvedPersona.model_validate(
            {
                "persona_id": str(persona_id),
                "name": f"Nova {revision}",
                "prompts": {"system": "You speak as Nova.", "rag": "", "user": ""},
                "version": 1,
                "revision": revision,
                "updated_at": utc_now().isoformat(),
            }
        )
        subject = state_subject(WORKSPACE, "persona", str(persona_id))
        await connection.jetstream().publish(subject, persona.model_dump_json().encode())
    await connection.close()
    return ids


async def _ask(
    stub: HttpStub, chat: Api, personas: list[UUID], rounds: int
) -> tuple[list[float], list[float], list[float], list[float]]:
    words = [{"model": "m", "choices": [{"delta": {"content": f"w{n} "}}]} for n in range(WORDS)]
    end = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
    reply = Reply.of_events(*words, end, part_seconds=0.005)
    timed = Reply(
        headers=reply.headers, parts=reply.parts, part_seconds=0.005, delay_seconds=FIRST_SECONDS
    )
    stub.on("POST", MODEL_PATH, timed)
    straight: list[float] = []
    through: list[float] = []
    switches: list[float] = []
    lists: list[float] = []
    async with stub, chat.client(WORKSPACE, "viewer") as client, httpx.AsyncClient() as model:
        begin = f"/api/chat/{personas[0]}/conversations"

        async def begun() -> str | None:
            made = await client.post(begin, json={})
            return made.json()["conversation_id"] if made.is_success else None

        thread = await wait_until(begun)
        for number in range(rounds):
            body = {"message": "What does it cost?", "thread_id": thread}
            here = personas[number % 2]
            straight.append(await _first(model, f"{stub.url}{MODEL_PATH}", {"n": 1}, '"content"'))
            through.append(await _first(client, f"/chat/{here}", body, '"text-delta"'))
            target = {"persona_id": str(personas[(number + 1) % 2])}
            path = f"/api/conversations/{thread}/persona"
            switches.append(await _timed(lambda p=path, t=target: client.put(p, json=t)))
            lists.append(await _timed(lambda: client.get("/api/conversations?limit=20")))
    return straight, through, switches, lists


async def _first(client: httpx.AsyncClient, path: str, body: dict[str, object], mark: str) -> float:
    """Return how many milliseconds it took until a line with `mark`; the rest is read, too."""
    start, took = perf_counter(), None
    async with client.stream("POST", path, json=body, timeout=60) as answer:
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            if took is None and mark in line:
                took = (perf_counter() - start) * 1_000
    if took is None:
        raise RuntimeError(f"{path} has no word")
    return took


async def _timed(ask: Callable[[], Awaitable[httpx.Response]]) -> float:
    start = perf_counter()
    answer = await ask()
    answer.raise_for_status()
    return (perf_counter() - start) * 1_000
