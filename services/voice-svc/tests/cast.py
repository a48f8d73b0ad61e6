"""Shorthands for tests of agents: personas as persona-svc tells of them, and waiting."""

import json
from uuid import uuid4

from persona_contracts import (
    PersonaCreatedV1,
    PersonaDeletedV1,
    PersonaErasedV1,
    PersonaUndeletedV1,
    PersonaUpdatedV1,
    Prompts,
    ResolvedPersona,
    Tombstone,
    Voice,
    WorkspaceErasedV1,
    encode_headers,
    state_subject,
    subject_for,
)
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.clock import utc_now

SETTINGS = {"stability": 0.4, "similarity_boost": 0.7, "speed": 1.1}


def persona(name="Nova", *, revision=1, enabled=True, tone="calm", **values):
    """Return a persona as it is published; `tone` stands in its prompt."""
    values = {
        "persona_id": uuid4(),
        "name": name,
        "greeting": "Hi {firstName|there}, it is {senderName}.",
        "prompts": Prompts(system=f"You are {name}. You are {tone}.", rag="", user=""),
        "voice": Voice(provider="elevenlabs", settings=SETTINGS, enabled=enabled),
        "version": revision,
        "revision": revision,
        "updated_at": utc_now(),
        **values,
    }
    return ResolvedPersona.model_validate(values)


class Cast:
    """The personas of one workspace, as persona-svc publishes them, and their agents."""

    def __init__(self, workspace_id, connection, client, fake):
        self.workspace_id = workspace_id
        self.client = client
        self.fake = fake
        self.js = connection.jetstream()
        self._revision = 0

    def next_revision(self):
        self._revision += 1
        return self._revision

    async def create(self, name="Nova", **values):
        who = persona(name, revision=self.next_revision(), **values)
        await self._show(who)
        await self._tell(PersonaCreatedV1, who)
        return who

    async def edit(self, who, **values):
        """Publish a change as persona-svc does: the document, then the event."""
        edited = self._edited(who, **values)
        await self._show(edited)
        await self._tell(PersonaUpdatedV1, edited)
        return edited

    async def inherit(self, who, **values):
        """Publish a change that came from an ancestor: no event tells of it."""
        edited = self._edited(who, **values)
        await self._show(edited)
        return edited

    async def delete(self, who):
        revision = self.next_revision()
        subject = state_subject(self.workspace_id, "persona", str(who.persona_id))
        await self.js.publish(subject, Tombstone(revision=revision).model_dump_json().encode())
        await self.publish(
            PersonaDeletedV1(
                workspace_id=self.workspace_id,
                occurred_at=utc_now(),
                persona_id=who.persona_id,
                revision=revision,
                changed_by="ann",
            )
        )

    async def undelete(self, who):
        back = self._edited(who)
        await self._show(back)
        await self._tell(PersonaUndeletedV1, back)
        return back

    async def erase(self, who):
        await self.publish(
            PersonaErasedV1(
                workspace_id=self.workspace_id,
                occurred_at=utc_now(),
                persona_id=who.persona_id,
                revision=self.next_revision(),
            )
        )

    async def erase_all(self):
        await self.publish(WorkspaceErasedV1(workspace_id=self.workspace_id, occurred_at=utc_now()))

    async def status(self, who):
        answer = await self.client.get(f"/api/personas/{who.persona_id}/agent/status")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def until(self, who, **desired):
        """Return the status once it has all of `desired`."""

        shown = {}

        async def reached():
            shown.update(await self.status(who))
            return all(shown[key] == value for key, value in desired.items())

        try:
            await wait_until(reached)
        except TimeoutError as error:
            raise AssertionError(f"desired {desired}, but it is {shown}") from error
        return shown

    async def in_step(self, who):
        return await self.until(who, status="ready", revision=who.revision, error=None)

    def mine(self):
        """Return what the vendor has of this workspace, by id."""
        tag = f"workspace:{self.workspace_id}"
        found = self.fake.state()["agents"]
        return {key: each for key, each in found.items() if tag in each.get("tags", ())}

    async def published(self, event, count=1):
        found = []
        subscription = await self.js.subscribe(
            f"{event}.v1.{self.workspace_id}", ordered_consumer=True
        )
        while len(found) < count:
            message = await subscription.next_msg(timeout=HANG_SECONDS)
            found.append(json.loads(message.data))
        await subscription.unsubscribe()
        return found

    async def publish(self, event):
        event_id = str(uuid4())
        headers = encode_headers(
            event, event_id=event_id, source="urn:dramatis:persona-svc", time=event.occurred_at
        )
        body = event.model_dump_json().encode()
        await self.js.publish(subject_for(event), body, headers=headers)

    def _edited(self, who, **values):
        revision = self.next_revision()
        return who.model_copy(update={"version": who.version + 1, "revision": revision, **values})

    async def _show(self, who):
        subject = state_subject(self.workspace_id, "persona", str(who.persona_id))
        await self.js.publish(subject, who.model_dump_json().encode())

    async def _tell(self, model, who):
        await self.publish(
            model(
                workspace_id=self.workspace_id,
                occurred_at=utc_now(),
                persona=who,
                version=who.version,
                revision=who.revision,
                changed_by="ann",
            )
        )


def tool_of(fake, agent):
    """Return the one tool of an agent of the vendor's."""
    (tool_id,) = agent["conversation_config"]["agent"]["prompt"]["tool_ids"]
    return fake.state()["tools"][tool_id]


def url_of(tool):
    return tool["api_schema"]["url"]
