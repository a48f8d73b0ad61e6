"""Shorthands for tests of knowledge: personas, files, and waiting for what becomes of them."""

import json
from uuid import uuid4

from persona_contracts import (
    KNOWLEDGE_SEARCH_SUBJECT,
    FileDeletedV1,
    FileUploadedV1,
    PersonaErasedV1,
    PersonaUndeletedV1,
    ResolvedPersona,
    encode_headers,
    state_subject,
    subject_for,
)
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.clock import utc_now


def persona(revision=1, **values):
    values = {
        "persona_id": uuid4(),
        "name": "Anna",
        "prompts": {"system": "You write as Anna.", "rag": "", "user": ""},
        "version": 1,
        "revision": revision,
        "updated_at": utc_now(),
        **values,
    }
    return ResolvedPersona.model_validate(values)


class Shelf:
    """One workspace as its people and the CRM see it."""

    def __init__(self, workspace_id, connection, client, data_dir):
        self.workspace_id = workspace_id
        self.connection = connection
        self.js = connection.jetstream()
        self.client = client
        self.inbox = data_dir / "inbox"

    async def persona(self, **values):
        """Publish a persona, and wait until ingest-svc knows it."""
        who = persona(**values)
        subject = state_subject(self.workspace_id, "persona", str(who.persona_id))
        stored = await self.js.publish(subject, who.model_dump_json().encode())

        async def is_known():
            roster = (await self.client.get("/readyz")).json()["roster"]
            return roster["stream_sequence"] >= stored.seq

        await wait_until(is_known)
        return who

    async def delete(self, who, revision=2):
        """Publish what persona-svc does when it deletes a persona; wait until it is unknown."""
        subject = state_subject(self.workspace_id, "persona", str(who.persona_id))
        tombstone = {"deleted": True, "revision": revision}
        await self.js.publish(subject, json.dumps(tombstone).encode())

        async def is_unknown():
            return (await self.client.get(self.path(who))).status_code == 404

        await wait_until(is_unknown)

    async def undelete(self, who, revision=3):
        """Publish what persona-svc does when it brings a persona back."""
        back = await self.persona(**{**who.model_dump(), "revision": revision})
        event = PersonaUndeletedV1(
            workspace_id=self.workspace_id,
            occurred_at=utc_now(),
            persona=back,
            version=back.version,
            revision=revision,
            changed_by="tester",
        )
        await self.publish_own(event)

    async def erase_persona(self, who):
        await self.publish_own(
            PersonaErasedV1(
                workspace_id=self.workspace_id,
                occurred_at=utc_now(),
                persona_id=who.persona_id,
                revision=9,
            )
        )

    async def publish_own(self, event):
        """Publish an event as one of our services does."""
        headers = encode_headers(
            event, event_id=str(uuid4()), source="urn:dramatis:persona-svc", time=utc_now()
        )
        await self.js.publish(subject_for(event), event.model_dump_json().encode(), headers=headers)

    def path(self, who, rest=""):
        return f"/api/personas/{who.persona_id}/files{rest}"

    async def post(self, who, *files, **data):
        """Upload (name, bytes) pairs; return the answer."""
        return await self.client.post(
            self.path(who), files=[("files", file) for file in files], data=data
        )

    async def add(self, who, name, content, **data):
        """Upload one file and return it once it is settled."""
        answer = await self.post(who, (name, content), **data)
        assert answer.status_code == 201, answer.text
        return await self.settled(who, answer.json()["id"])

    async def get(self, who, file_id):
        answer = await self.client.get(self.path(who, f"/{file_id}"))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def settled(self, who, file_id):
        """Return a file once it is ready or failed."""

        async def there():
            answer = await self.client.get(self.path(who, f"/{file_id}"))
            if answer.status_code in {404, 503}:
                return None
            file = answer.json()
            return file if file["status"] != "processing" else None

        return await wait_until(there)

    async def vectors(self, who, file_id, state="complete", timeout_seconds=HANG_SECONDS):
        """Return a file once its vectors are in `state`."""

        async def there():
            file = await self.get(who, file_id)
            return file if file["vectors"] == state else None

        return await wait_until(there, timeout_seconds)

    async def search(self, who, query, limit=5):
        answer = await self.client.post(
            f"/api/personas/{who.persona_id}/knowledge/search",
            json={"query": query, "limit": limit},
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def texts(self, who, query, limit=5):
        return [item["text"] for item in (await self.search(who, query, limit))["passages"]]

    async def ask(self, who, query, workspace_id=None, **values):
        """Ask over NATS, as draft-svc does."""
        question = {
            "workspace_id": workspace_id or self.workspace_id,
            "persona_id": str(who.persona_id),
            "query": query,
            **values,
        }
        answer = await self.connection.request(
            KNOWLEDGE_SEARCH_SUBJECT, json.dumps(question).encode(), timeout=HANG_SECONDS
        )
        return json.loads(answer.data)

    def put_in_inbox(self, name, content):
        """Write a file where the CRM leaves it; return its address."""
        self.inbox.mkdir(parents=True, exist_ok=True)
        path = self.inbox / f"{uuid4().hex}-{name}"
        path.write_bytes(content)
        return path.as_uri()

    async def announce(self, who, name="notes.txt", content=None, **values):
        """Publish `file.uploaded`; return the event."""
        if content is not None:
            values["url"] = self.put_in_inbox(name, content)
        event = FileUploadedV1.model_validate(
            {
                "workspace_id": self.workspace_id,
                "file_id": f"file-{uuid4()}",
                "persona_id": who.persona_id,
                "file_name": name,
                "uploaded_at": utc_now().isoformat(),
                **values,
            }
        )
        await self.publish(event)
        return event

    async def retract(self, file_id, deleted_at=None):
        """Publish `file.deleted`."""
        await self.publish(
            FileDeletedV1.model_validate(
                {
                    "workspace_id": self.workspace_id,
                    "file_id": file_id,
                    "deleted_at": deleted_at or utc_now().isoformat(),
                }
            )
        )

    async def publish(self, event):
        await self.js.publish(
            subject_for(event), event.model_dump_json(exclude_unset=True).encode()
        )

    async def events(self, verb, count=1):
        """Return the `knowledge.<verb>` events of this workspace, once there are `count`."""
        found = []
        subscription = await self.js.subscribe(
            f"knowledge.{verb}.v1.{self.workspace_id}", ordered_consumer=True
        )
        while len(found) < count:
            message = await subscription.next_msg(timeout=HANG_SECONDS)
            found.append(json.loads(message.data))
        await subscription.unsubscribe()
        return found
