"""Services as processes to be killed, a model on loopback, and the history of what happened."""

import asyncio
import contextlib
import json
import re
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import nats as nats_client
import psycopg
import pytest
from drafting import Desk
from dramatis.stack import Stack
from faults.checker import violations
from faults.history import History
from following_up import Followups
from ingesting import Ingest, ingest_env, shelf_in
from service_devkit.embedded import free_port
from service_devkit.testing.api import Api
from service_devkit.testing.http_stub import HttpStub, Reply
from service_devkit.testing.waiting import wait_until
from service_devkit.vendors.elevenlabs import FakeElevenLabs
from voicing import Voices

_workspaces = count(1)
STRATEGY = {
    "intent": "question",
    "questions": ["What does it cost?"],
    "objections": [],
    "answer_from": [],
    "next_step": "Offer a call.",
    "qualification_question": None,
}
SECRET = "sk-never-to-be-written"


class Model:
    """An OpenAI-compatible server that counts what it was asked, by message and step."""

    def __init__(self, stub, history):
        self.calls = []
        self.seconds = 0.0
        self._history = history
        stub.on("POST", "/v1/chat/completions", self._answer)

    def _answer(self, request):
        asked = request.json()
        step = "plan" if "response_format" in asked else "write"
        found = re.search(r"reply-(\w+)", json.dumps(asked["messages"]))
        message_id = found[1] if found else None
        self.calls.append((message_id, step))
        self._history.add("model_call", message_id=message_id, step=step)
        content = json.dumps(STRATEGY) if step == "plan" else "Ten people pay 90 euros."
        return Reply.of_json(
            {
                "id": "c",
                "object": "chat.completion",
                "created": 1,
                "model": "stub",
                "choices": [
                    {
                        "index": 0,
                        "finish_reason": "stop",
                        "message": {"role": "assistant", "content": content},
                    }
                ],
                "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
            },
            delay_seconds=self.seconds,
        )


class World:
    """A stack, with what the tests of its faults ask of it."""

    # The model answers on the test's event loop: whatever waits for a process runs in a thread.

    def __init__(self, stack, history, model):
        self.stack = stack
        self.history = history
        self.model = model
        self.persona, self.draft = stack.services["persona"], stack.services["draft"]
        self._open = contextlib.AsyncExitStack()

    async def desk(self, draft=None):
        """Return a workspace that no other test uses, as the process `draft` shows it."""
        workspace_id = f"f{next(_workspaces)}"
        connection = await nats_client.connect(self.stack.nats_url, max_reconnect_attempts=-1)
        self._open.push_async_callback(connection.close)
        api = Api(draft or self.draft, self.stack.data_dir)
        client = await self._open.enter_async_context(api.client(workspace_id))
        return Desk(workspace_id, connection, client)

    async def personas(self, workspace_id):
        """Return a client of persona-svc."""
        api = Api(self.persona, self.stack.data_dir)
        return await self._open.enter_async_context(api.client(workspace_id))

    async def close(self):
        await self._open.aclose()

    async def reply(self, desk, number, **values):
        """Send a reply whose words name it, and note that the broker has it."""
        message_id = f"{desk.workspace_id}x{number}"
        event = await desk.send(
            message_id=message_id, body_text=f"What is the price? reply-{message_id}", **values
        )
        self.history.add(
            "accepted",
            workspace_id=desk.workspace_id,
            event_id=message_id,
            message_id=message_id,
        )
        return event

    def sql(self, database, statement, *values):
        """Run one statement as the superuser; return its rows, if it has any."""
        url = self.stack.postgres.url("postgres", database)
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def end_leases(self):
        """Do as if the leases of dead processes had run out."""
        self.sql("draft", "update draft set due_at = now() where due_at is not null")
        for database in ("draft", "persona"):
            self.sql(database, "delete from service_lease")

    async def start(self, *processes):
        await asyncio.gather(*(asyncio.to_thread(process.start) for process in processes))

    async def stop(self, process):
        await asyncio.to_thread(process.stop)

    async def heal(self):
        """Run everything that the stack has."""
        await self.start(self.stack.nats, self.stack.postgres)
        await self.start(self.persona, self.draft)

    async def until_dead(self, process):
        await wait_until(lambda: not process.is_running)

    async def judge(self, desk):
        """Add what is stored and published at the end, and return the broken promises."""
        workspace_id = desk.workspace_id

        def all_published():
            rows = self.sql("draft", "select count(*) from outbox where published_at is null")
            return rows[0][0] == 0

        await wait_until(all_published)
        rows = self.sql(
            "draft",
            "select message_id, draft_id, status from draft where workspace_id = %s",
            workspace_id,
        )
        for message_id, draft_id, status in rows:
            self.history.add(
                "draft",
                workspace_id=workspace_id,
                message_id=message_id,
                draft_id=draft_id,
                status=status,
            )
        committed = self.sql(
            "draft",
            "select event_id, published_at is not null from outbox where workspace_id = %s",
            workspace_id,
        )
        for event_id, published in committed:
            self.history.add(
                "outbox", workspace_id=workspace_id, event_id=event_id, published=published
            )
        await self._add_emitted(desk)
        for name in ("persona_svc", "draft_svc"):
            log = (self.stack.data_dir / f"{name}.log").read_text()
            self.history.add("text", where=f"the log of {name}", text=log)
        self.history.add("secret", text=SECRET)
        self.history.add("secret", text="What is the price?")
        return violations(self.history)

    async def _add_emitted(self, desk):
        last = (await desk.js.stream_info("DRAFT")).state.last_seq
        for sequence in range(1, last + 1):
            with contextlib.suppress(Exception):
                message = await desk.js.get_msg("DRAFT", sequence)
                if message.subject.endswith(f".{desk.workspace_id}"):
                    event_id = message.headers["ce-id"]
                    self.history.add("emitted", workspace_id=desk.workspace_id, event_id=event_id)


def _apart(work):
    """Run what starts an event loop in a thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


@pytest.fixture(scope="session")
def model_port():
    return free_port()


@contextlib.contextmanager
def _asking(model_port):
    """Have what is started here, and only here, ask the model of the test.

    An event that a killed process held is delivered again after 5 seconds, not 30.
    """
    with pytest.MonkeyPatch.context() as env:
        env.setenv("DRAMATIS_DRAFT_WRITER", "openai")
        env.setenv("OPENAI_API_KEY", SECRET)
        env.setenv("DRAMATIS_DRAFT_OPENAI_BASE_URL", f"http://127.0.0.1:{model_port}/v1")
        env.setenv("DRAMATIS_DRAFT_MODEL", "stub")
        env.setenv("DRAMATIS_ACK_WAIT_SECONDS", "5")
        yield


@pytest.fixture(scope="session")
def stack(model_port):
    """Return persona-svc and draft-svc as a stack; each test finds all of it running."""
    opened = Stack(ephemeral=True, services=("persona", "draft"))
    with _asking(model_port):
        _apart(opened.start)
    yield opened
    _apart(opened.stop)


@pytest.fixture
async def world(stack, model_port, tmp_path):
    history = History(tmp_path / "history.jsonl")
    with _asking(model_port):
        async with HttpStub(model_port) as stub:
            opened = World(stack, history, Model(stub, history))
            await opened.heal()
            yield opened
            await opened.close()


@pytest.fixture
async def ingest(database, nats_url, tmp_path):
    """Return an ingest-svc that is not started yet."""
    own = database("ingest_svc")
    running = Ingest(own, tmp_path, ingest_env(tmp_path, own, nats_url))
    yield running
    await asyncio.to_thread(running.process.stop)


@pytest.fixture
def shelf(ingest, connection):
    return shelf_in(ingest, connection)


@pytest.fixture
async def followups(database, nats_url, tmp_path):
    """Return a running followup-svc."""
    running = Followups(database("followup_svc"), tmp_path, nats_url)
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
def fake(tmp_path):
    """Return a speech vendor of this test alone."""
    with FakeElevenLabs(tmp_path / "fake.log") as server:
        yield server


@pytest.fixture
async def new_voices(tmp_path, fake):
    """Return a function that makes a voice-svc, not started yet; all are stopped at the end."""
    made = []

    def make(database, nats_url, **how):
        made.append(Voices(database, tmp_path, nats_url, fake, **how))
        return made[-1]

    yield make
    for voices in made:
        await voices.stop()


@pytest.fixture
def voices(new_voices, database, nats_url):
    """Return a voice-svc that is not started yet."""
    return new_voices(database("voice_svc"), nats_url)
