"""Shorthands for tests of chats: personas, people who talk to them, and what they hear."""

import json
from contextlib import AsyncExitStack
from uuid import uuid4

from persona_contracts import (
    ResolvedPersona,
    WorkspaceState,
    encode_headers,
    state_subject,
    subject_for,
)
from service_devkit.testing.waiting import wait_until
from service_kit.clock import utc_now


def persona(name="Anna", revision=1, **values):
    values = {
        "persona_id": uuid4(),
        "name": name,
        "persona_name": f"{name} Berg",
        "tone": "calm",
        "service_description": "Acme rents bicycles to companies.",
        "prompts": {"system": f"You speak as {name} Berg.", "rag": "", "user": ""},
        "version": 1,
        "revision": revision,
        "updated_at": utc_now(),
        **values,
    }
    return ResolvedPersona.model_validate(values)


class Room:
    """One workspace as its people see it; `client` is one of them."""

    def __init__(self, api, connection, workspace_id):
        self.api = api
        self.workspace_id = workspace_id
        self.connection = connection
        self.js = connection.jetstream()
        self._stack = AsyncExitStack()

    async def __aenter__(self):
        self.client = await self.person()
        return self

    async def __aexit__(self, *error):
        await self._stack.aclose()

    async def person(self, role="viewer", **claims):
        """Return the client of somebody in this workspace."""
        client = self.api.client(self.workspace_id, role, **claims)
        return await self._stack.enter_async_context(client)

    async def state(self, kind, entity_id, document):
        """Publish a state document, and wait until chat-svc knows it."""
        subject = state_subject(self.workspace_id, kind, entity_id)
        stored = await self.js.publish(subject, document.model_dump_json().encode())

        async def is_known():
            roster = (await self.client.get("/readyz")).json()["roster"]
            return roster["stream_sequence"] >= stored.seq

        await wait_until(is_known)

    async def tell(self, event, source="urn:dramatis:persona-svc"):
        """Publish an event as another service does."""
        headers = encode_headers(event, event_id=str(uuid4()), source=source, time=utc_now())
        await self.js.publish(subject_for(event), event.model_dump_json().encode(), headers=headers)

    async def cast(self, who, *, default=False):
        """Let a persona be known; return it."""
        await self.state("persona", str(who.persona_id), who)
        if default:
            workspace = WorkspaceState(default_persona_id=who.persona_id, revision=who.revision)
            await self.state("workspace", self.workspace_id, workspace)
        return who

    async def begin(self, who, client=None, **body):
        path = f"/api/chat/{who.persona_id}/conversations"
        made = await (client or self.client).post(path, json=body)
        assert made.status_code == 201, made.text
        return made.json()

    async def say(self, who, message, client=None, **body):
        """Say something; return all that is heard, to the end."""
        body = {"message": message, **body}
        async with (client or self.client).stream(
            "POST", f"/chat/{who.persona_id}", json=body
        ) as answer:
            assert answer.status_code == 200, await answer.aread()
            return Heard([event async for event in events_of(answer)])

    async def switch(self, conversation_id, who):
        body = {"persona_id": str(who.persona_id)}
        answer = await self.client.put(f"/api/conversations/{conversation_id}/persona", json=body)
        assert answer.json()["persona_name"] == who.name

    async def back(self, conversation_id, last_event_id=None):
        """Come back to an answer."""
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        path = f"/api/conversations/{conversation_id}/stream"
        async with self.client.stream("GET", path, headers=headers) as answer:
            if answer.status_code != 200:
                return answer
            return Heard([event async for event in events_of(answer)])

    async def shown(self, conversation_id):
        answer = await self.client.get(f"/api/conversations/{conversation_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def messages(self, conversation_id, *roles):
        """Return what was said in a conversation, by these or by all."""
        found = (await self.shown(conversation_id))["messages"]
        return [each for each in found if not roles or each["role"] in roles]

    async def until(self, conversation_id, *statuses, nth=0):
        """Return an answer once it has one of `statuses`."""

        async def there():
            found = await self.messages(conversation_id, "assistant")
            return next((e for e in found[nth:] if e["status"] in statuses), None)

        return await wait_until(there)


async def events_of(answer):
    """Yield (id, document) of each event; of the last, the document is `[DONE]`."""
    event_id = None
    async for line in answer.aiter_lines():
        if line.startswith("id: "):
            event_id = line[4:]
        elif line.startswith("data: "):
            data = line[6:]
            yield event_id, data if data == "[DONE]" else json.loads(data)


class Heard:
    """What a reader heard of one answer."""

    def __init__(self, events):
        self.events = events

    @property
    def kinds(self):
        kinds = [e if e == "[DONE]" else e["type"] for _, e in self.events]
        return [k for n, k in enumerate(kinds) if n == 0 or kinds[n - 1] != k]

    @property
    def text(self):
        return "".join(e["delta"] for _, e in self.events if e != "[DONE]" and "delta" in e)

    def first(self, kind):
        return next(e for _, e in self.events if e != "[DONE]" and e["type"] == kind)

    @property
    def thread_id(self):
        return self.first("data-thread_info")["data"]["thread_id"]

    @property
    def message_id(self):
        return self.first("start")["messageId"]
