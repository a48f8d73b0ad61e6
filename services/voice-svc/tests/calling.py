"""Shorthands for tests of calls: personas with agents, questions of their tools, ended calls."""

import asyncio
import contextlib
import hmac
import json
import time
from hashlib import sha256
from uuid import uuid4

from persona_contracts import (
    KNOWLEDGE_SEARCH_SUBJECT,
    KnowledgeFoundV1,
    KnowledgeSearchV1,
    Passage,
    ResolvedPersona,
    Tombstone,
    encode_headers,
    state_subject,
    subject_for,
)
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.clock import utc_now

WEBHOOK_SECRET = "wsec_for_tests"
TOOL = "query_persona_knowledge"
SEARCH_SECONDS = 2


def persona(revision=1, **values):
    return ResolvedPersona.model_validate(
        {
            "persona_id": uuid4(),
            "name": "Nova",
            "prompts": {"system": "You are Nova.", "rag": "", "user": ""},
            "version": 1,
            "revision": revision,
            "updated_at": utc_now(),
            **values,
        }
    )


def passage(text, page=1, source="prices.pdf"):
    return Passage(
        text=text,
        source=source,
        page_start=page,
        page_end=page,
        file_id=source,
        chunk_id=f"{source}-{page}-{text}",
        score=0.5,
    )


class Library:
    """What personas know, behind the subject of ingest-svc."""

    def __init__(self, connection):
        self.connection = connection
        self.shelves = {}
        self.revision = 1
        self.asked = []
        self.answer = None
        """Bytes instead of an answer; `b""`: none at all."""

    @contextlib.asynccontextmanager
    async def open(self):
        subscription = await self.connection.subscribe(
            KNOWLEDGE_SEARCH_SUBJECT, cb=self._on_question
        )
        await self.connection.flush()
        yield self
        await subscription.unsubscribe()
        await self.connection.flush()

    def put(self, workspace_id, persona_id, *passages):
        self.shelves[workspace_id, persona_id] = list(passages)

    async def _on_question(self, message):
        question = KnowledgeSearchV1.model_validate_json(message.data)
        self.asked.append(question)
        if self.answer is not None:
            if self.answer:
                await message.respond(self.answer)
            return
        passages = self.shelves.get((question.workspace_id, question.persona_id), [])
        found = KnowledgeFoundV1(
            passages=passages, knowledge_revision=self.revision, knows_nothing=not passages
        )
        await message.respond(found.model_dump_json().encode())


class Phone:
    """One workspace, its personas and their agents, as the provider and its people see them."""

    def __init__(self, workspace_id, connection, client, rows, library):
        self.workspace_id = workspace_id
        self.connection = connection
        self.client = client
        self.rows = rows
        self.library = library
        self.js = connection.jetstream()

    async def state(self, persona_id, document):
        """Publish a persona's document, and wait until the service knows it."""
        subject = state_subject(self.workspace_id, "persona", str(persona_id))
        stored = await self.js.publish(subject, document.model_dump_json().encode())

        async def is_known():
            roster = (await self.client.get("/readyz")).json()["roster"]
            return roster["stream_sequence"] >= stored.seq

        await wait_until(is_known)

    async def agent(self, who=None, revision=None):
        """Give a persona a running agent; return the persona, the tool's secret and the agent."""
        who = who or persona()
        await self.state(who.persona_id, who)
        secret, agent_id = f"secret-{uuid4()}", f"agent_{uuid4().hex}"
        self.rows.execute(
            "insert into agent (persona_id, workspace_id, state, wanted_revision, agent_id,"
            " tool_secret_sha256, revision) values (%s, %s, 'ready', %s, %s, %s, %s)",
            [
                who.persona_id,
                self.workspace_id,
                who.revision,
                agent_id,
                sha256(secret.encode()).digest(),
                who.revision,
            ],
        )
        self.runs(agent_id, who, revision or who.revision)
        return who, secret, agent_id

    def runs(self, agent_id, who, revision, since="now() - interval '1 day'"):
        """Say that an agent runs a revision."""
        self.rows.execute(
            "insert into agent_revision (agent_id, revision, workspace_id, persona_id, since)"  # noqa: S608 — a constant of the test
            f" values (%s, %s, %s, %s, {since})",
            [agent_id, revision, self.workspace_id, who.persona_id],
        )

    async def delete(self, who, revision=9):
        await self.state(who.persona_id, Tombstone(deleted=True, revision=revision))

    async def publish(self, event):
        headers = encode_headers(event, event_id=str(uuid4()), source="urn:test", time=utc_now())
        await self.js.publish(subject_for(event), event.model_dump_json().encode(), headers=headers)

    async def ask(self, who, secret, query="What does it cost?", **more):
        return await self.client.post(
            f"/elevenlabs/function-call/{getattr(who, 'persona_id', who)}",
            json={"query": query, **more},
            headers={} if secret is None else {"X-Tool-Secret": secret},
        )

    async def ask_until_known(self, who, secret, query="What does it cost?", **more):
        """Ask again where the search was slower than the deadline, and the answer said so."""
        async with asyncio.timeout(HANG_SECONDS):
            while True:
                answer = await self.ask(who, secret, query, **more)
                if answer.status_code != 200 or answer.json()["status"] != "unavailable":
                    return answer

    async def end(self, document, **how):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        headers = {"ElevenLabs-Signature": signature(body, **how)}
        return await self.send(body, headers)

    async def send(self, body, headers):
        json_type = {"content-type": "application/json"}
        return await self.client.post(
            "/elevenlabs/post-call", content=body, headers={**json_type, **headers}
        )

    async def calls(self, **filters):
        answer = await self.client.get("/api/calls", params=filters)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    async def told(self, count=1):
        """Return the `voice.conversation_ended` events, once there are so many."""
        found = []
        subscription = await self.js.subscribe(
            f"voice.conversation_ended.v1.{self.workspace_id}", ordered_consumer=True
        )
        while len(found) < count:
            message = await subscription.next_msg(timeout=HANG_SECONDS)
            found.append(json.loads(message.data))
        await subscription.unsubscribe()
        return found


def signature(body, *, secret=WEBHOOK_SECRET, at=None):
    seconds = str(int(at or time.time()))
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, sha256).hexdigest()
    return f"t={seconds},v0={digest}"


def ended(agent_id, conversation_id=None, *, lead_id=None, started_at=None, spoken=(), told=()):
    """Return the provider's webhook of a call; `told` are answers of our tool."""
    turns = [
        {"role": "agent", "message": "Hello, this is Nova.", "time_in_call_secs": 0},
        *({"role": "user", "message": text, "time_in_call_secs": 3} for text in spoken),
        *(
            {
                "role": "agent",
                "message": None,
                "time_in_call_secs": 4,
                "tool_results": [
                    {
                        "request_id": "r",
                        "tool_name": TOOL,
                        "result_value": json.dumps(answer),
                        "is_error": False,
                        "tool_has_been_called": True,
                    }
                ],
            }
            for answer in told
        ),
    ]
    return {
        "type": "post_call_transcription",
        "event_timestamp": int(time.time()),
        "data": {
            "agent_id": agent_id,
            "conversation_id": conversation_id or f"conv_{uuid4().hex}",
            "status": "done",
            "transcript": turns,
            "metadata": {
                "start_time_unix_secs": int(started_at or time.time()) - 0,
                "call_duration_secs": 42,
                "cost": 296,
            },
            "conversation_initiation_client_data": {
                "dynamic_variables": {"lead_id": lead_id} if lead_id else {}
            },
        },
    }
