"""Shorthands for tests of drafts: personas, replies, and waiting for what becomes of them."""

import json
from uuid import uuid4

from persona_contracts import (
    CampaignState,
    LeadRepliedV1,
    ResolvedPersona,
    WorkspaceState,
    state_subject,
    subject_for,
)
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.clock import utc_now

ANNA = "Anna Berg\nAcme, Berlin"


def persona(revision=1, **values):
    values = {
        "persona_id": uuid4(),
        "name": "Anna",
        "persona_name": "Anna Berg",
        "tone": "calm",
        "greeting": "Hello from Acme,",
        "signature": ANNA,
        "service_description": "Acme rents bicycles to companies.",
        "prompts": {"system": "You write as Anna Berg.", "rag": "", "user": ""},
        "version": 1,
        "revision": revision,
        "updated_at": utc_now(),
        **values,
    }
    return ResolvedPersona.model_validate(values)


def replied(workspace_id, message_id=None, **values):
    values.setdefault("body_text", "What does it cost for ten people?")
    return LeadRepliedV1.model_validate(
        {
            "workspace_id": workspace_id,
            "message_id": message_id or f"m-{uuid4()}",
            "lead_id": f"lead-{uuid4()}",
            "channel": "email",
            "received_at": utc_now().isoformat(),
            "subject": "Re: Bicycles",
            **values,
        }
    )


class Desk:
    """One workspace as its people see it."""

    def __init__(self, workspace_id, connection, client):
        self.workspace_id = workspace_id
        self.client = client
        self.js = connection.jetstream()
        self.connection = connection

    async def state(self, kind, entity_id, document):
        """Publish a state document, and wait until draft-svc, if it runs, knows it."""
        subject = state_subject(self.workspace_id, kind, entity_id)
        stored = await self.js.publish(subject, document.model_dump_json().encode())

        async def is_known():
            roster = (await self.client.get("/readyz")).json()["roster"]
            return roster["stream_sequence"] >= stored.seq

        if self.client is not None:
            await wait_until(is_known)

    async def default(self, who, revision=None, **settings):
        """Make `who` the default persona."""
        await self.state("persona", str(who.persona_id), who)
        workspace = WorkspaceState(
            default_persona_id=who.persona_id,
            ai_persona_name=who.persona_name,
            ai_signature=who.signature,
            revision=revision or who.revision,
            **settings,
        )
        await self.state("workspace", self.workspace_id, workspace)

    async def assign(self, campaign_id, who, revision=2):
        await self.state("persona", str(who.persona_id), who)
        campaign = CampaignState(
            campaign_id=campaign_id,
            name=campaign_id,
            assignments=dict.fromkeys(("any", "email", "sms", "linkedin"), who.persona_id),
            revision=revision,
        )
        await self.state("campaign", campaign_id, campaign)

    async def send(self, event=None, headers=None, **values):
        """Publish a reply as the CRM does; return it."""
        event = event or replied(self.workspace_id, **values)
        await self.js.publish(
            subject_for(event), event.model_dump_json(exclude_unset=True).encode(), headers=headers
        )
        return event

    async def drafts(self, **filters):
        answer = await self.client.get("/api/drafts", params=filters)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    async def until(self, message_id, *statuses):
        """Return the draft of a message once it has one of `statuses`."""

        async def there():
            answer = await self.client.get("/api/drafts", params={"message_id": message_id})
            if answer.status_code == 503:  # its database is away
                return None
            assert answer.status_code == 200, answer.text
            return next((d for d in answer.json()["items"] if d["status"] in statuses), None)

        return await wait_until(there)

    async def drafted(self, **values):
        """Send a reply and return its finished draft."""
        event = await self.send(**values)
        return await self.until(event.message_id, "ready", "failed")

    async def decide(self, draft, verb, **body):
        return await self.client.post(f"/api/drafts/{draft['draft_id']}/{verb}", json=body)

    async def events(self, verb, count=1):
        """Return the `draft.<verb>` events of this workspace, once there are `count`."""
        return await self.published(f"draft.{verb}.v1", count)

    async def published(self, event, count):
        """Return the events of this workspace with a subject such as `draft.created.v1`."""
        found = []
        subscription = await self.js.subscribe(
            f"{event}.{self.workspace_id}", ordered_consumer=True
        )
        while len(found) < count:
            message = await subscription.next_msg(timeout=HANG_SECONDS)
            found.append(json.loads(message.data))
        await subscription.unsubscribe()
        return found
