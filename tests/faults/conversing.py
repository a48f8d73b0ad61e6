"""chat-svc as processes that are killed and hang, people who talk all the while, and a model."""

import asyncio
import contextlib
import json
import os
import re
import signal
import time
from collections import defaultdict

import httpx
import psycopg
from chatting import Room, events_of, persona
from faults.chat_checker import ChatHistory, StoredMessage
from service_devkit.embedded import ServiceProcess
from service_devkit.testing.api import Api, service_env
from service_devkit.testing.http_stub import Reply
from service_devkit.testing.waiting import HANG_SECONDS, wait_until

TURN = re.compile(r"turn-\d+-\d+")
PATIENCE_SECONDS = 3.0
"""How long somebody listens to a process that says nothing, before another is asked."""
LEASE_SECONDS = 4


def reply(text):
    """Return what the model answers to a text."""
    (turn,) = TURN.findall(text)
    return "".join(f"{turn} says word {number}. " for number in range(8))


class ChatModel:
    """An OpenAI-compatible server that notes which turn it was asked to answer, and when."""

    def __init__(self, stub):
        self.calls = []
        self.url = stub.url
        stub.on("POST", "/v1/chat/completions", self._answer)

    def _answer(self, request):
        *_, data = request.json()["messages"]
        turn = TURN.findall(data["content"])[-1]
        self.calls.append((turn, time.time()))
        words = reply(turn).split(" ")
        parts = [{"choices": [{"delta": {"content": f"{word} "}}]} for word in words[:-1]]
        end = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
        return Reply.of_events(*parts, end, part_seconds=0.005)


class Chats:
    """Replicas of chat-svc on one database."""

    def __init__(self, database, folder, nats_url, model_url, replicas):
        self.database = database
        self._env = {
            **service_env(folder, database_url=database.login_url, nats_url=nats_url),
            "DRAMATIS_LEASE_SECONDS": str(LEASE_SECONDS),
            "DRAMATIS_HEARTBEAT_SECONDS": "1",
            "DRAMATIS_ACK_WAIT_SECONDS": "4",
            "DRAMATIS_CHAT_MODEL": "m",
            "DRAMATIS_CHAT_OPENAI_API_KEY": "sk-x",
            "DRAMATIS_CHAT_OPENAI_BASE_URL": f"{model_url}/v1",
        }
        self._folder = folder
        self.processes = [
            ServiceProcess("chat_svc", env=self._env, log_path=folder / f"chat-{number}.log")
            for number in range(replicas)
        ]

    async def start(self):
        for process in self.processes:
            await asyncio.to_thread(process.start)

    async def stop(self):
        for process in self.processes:
            await asyncio.to_thread(process.stop)

    def api(self, number=0):
        return Api(self.processes[number], self._folder)

    def sql(self, query, *values):
        with psycopg.connect(self.database.admin_url, autocommit=True) as admin:
            return admin.execute(query, values).fetchall()

    async def kill_one(self, chance):
        """Kill a replica, and start it again."""
        process = chance.choice(self.processes)
        await asyncio.to_thread(process.kill)
        await asyncio.to_thread(process.start)

    async def hang_one(self, chance):
        """Let a replica stand still for longer than its leases last."""
        process = chance.choice(self.processes)
        os.kill(process.pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(LEASE_SECONDS + 2)
        finally:
            os.kill(process.pid, signal.SIGCONT)


class Talks:
    """People who talk in many conversations at once, whatever happens to the replicas."""

    def __init__(self, chats, connection, workspace_id, chance):
        self.chats = chats
        self.workspace_id = workspace_id
        self.chance = chance
        self.js = connection.jetstream()
        self.room = Room(chats.api(), connection, workspace_id)
        self.sent = defaultdict(list)

    async def run(self, conversations, turns, at_once):
        """Hold all conversations."""
        clients = [
            self.chats.api(number).client(self.workspace_id, "viewer")
            for number in range(len(self.chats.processes))
        ]
        for client in clients:
            client.timeout = httpx.Timeout(PATIENCE_SECONDS)
        free = asyncio.Semaphore(at_once)
        async with contextlib.AsyncExitStack() as opened:
            self.clients = [await opened.enter_async_context(client) for client in clients]

            async def hold(number):
                async with free:
                    await self._hold(number, turns)

            await asyncio.gather(*(hold(number) for number in range(conversations)))

    async def cast(self):
        """Let two personas be known to every replica."""
        async with self.room:
            self.personas = [
                await self.room.cast(persona(name, revision))
                for name, revision in (("Anna", 1), ("Bert", 2))
            ]
        for number in range(1, len(self.chats.processes)):
            async with self.chats.api(number).client(self.workspace_id) as client:

                async def knows(client=client):
                    path = f"/api/chat/{self.personas[1].persona_id}/conversations"
                    return (await client.post(path, json={})).status_code == 201

                await wait_until(knows)

    async def _hold(self, number, turns):
        """Hold one conversation; who speaks changes, answers are left early and stopped."""
        thread_id = None
        who = self.chance.choice(self.personas)
        for turn in range(turns):
            if self.chance.random() < 0.2:
                who = self.chance.choice(self.personas)
            text = f"turn-{number}-{turn}"
            thread_id = await self._say(who, text, thread_id, f"conversation-{number}")
            self.sent[thread_id].append(text)

    async def _say(self, who, text, thread_id, chat_id):
        """Say something, until some replica has taken it; return the conversation."""
        body = {"message": text, "client_key": text}
        body |= {"id": chat_id} if thread_id is None else {"thread_id": thread_id}
        leaves_after = self.chance.choice([1, 3, 99, 99])
        stops = self.chance.random() < 0.1
        async with asyncio.timeout(5 * HANG_SECONDS):
            while True:
                client = self.chance.choice(self.clients)
                taken = None
                try:
                    taken = await self._hear(client, who, body, leaves_after)
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                if taken is not None:
                    break
        thread_id, message_id = taken
        if stops:
            path = f"/api/conversations/{thread_id}/messages/{message_id}/stop"
            with contextlib.suppress(httpx.TransportError):
                await self.chance.choice(self.clients).post(path)
        return thread_id

    async def _hear(self, client, who, body, leaves_after):
        """Hear some of an answer, or all; return the conversation and the answer, once told."""
        taken, heard = None, 0
        try:
            async with client.stream("POST", f"/chat/{who.persona_id}", json=body) as answer:
                if answer.status_code >= 500:
                    await asyncio.sleep(0.05)
                    return None
                assert answer.status_code == 200, await answer.aread()
                async for _, event in events_of(answer):
                    if event != "[DONE]" and event["type"] == "data-thread_info":
                        taken = event["data"]["thread_id"], event["data"]["message_id"]
                    heard += 1
                    if taken is not None and heard > leaves_after:
                        break
        except httpx.TransportError:
            if taken is None:
                raise
        return taken

    async def until_all_ended(self):
        query = (
            "select count(*) from message where workspace_id = %s"
            " and status in ('queued', 'streaming')"
        )
        await wait_until(
            lambda: self.chats.sql(query, self.workspace_id) == [(0,)], 5 * HANG_SECONDS
        )

    async def history(self, calls):
        """Return what happened, once every event is out."""
        unpublished = "select count(*) from outbox where published_at is null"
        await wait_until(lambda: self.chats.sql(unpublished) == [(0,)])
        rows = self.chats.sql(
            "select conversation_id::text, seq, message_id::text, role, status, content,"
            " answers::text, run, extract(epoch from finished_at)::float8 from message"
            " where workspace_id = %s",
            self.workspace_id,
        )
        names = (
            "conversation", "seq", "message_id", "role", "status", "content", "answers", "run",
            "finished_at",
        )  # fmt: skip
        return ChatHistory(
            sent=dict(self.sent),
            stored=[StoredMessage(**dict(zip(names, row, strict=True))) for row in rows],
            calls=list(calls),
            completed=await self._completed(),
            reply=reply,
        )

    async def _completed(self):
        subject = f"chat.message_completed.v1.{self.workspace_id}"
        stored = (await self.js.stream_info("CHAT", subjects_filter=subject)).state.subjects or {}
        events = await self.js.subscribe(subject, ordered_consumer=True)
        found = []
        for _ in range(stored.get(subject, 0)):
            message = await events.next_msg(timeout=HANG_SECONDS)
            found.append((message.headers["ce-id"], json.loads(message.data)["message_id"]))
        await events.unsubscribe()
        return found
