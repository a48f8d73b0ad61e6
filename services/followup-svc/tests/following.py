"""Shorthands for tests of follow-ups: personas, sequences, a CRM that answers, and waiting."""

import json
from uuid import uuid4

from persona_contracts import (
    CampaignState,
    CampaignSyncedV1,
    LeadOutcomeV1,
    LeadRepliedV1,
    MessageFailedV1,
    MessageSentV1,
    Received,
    ResolvedPersona,
    WorkspaceState,
    encode_headers,
    state_subject,
    subject_for,
)
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.clock import utc_now

ANNA = "Anna Berg\nAcme, Berlin"
NOW = {"amount": 0, "unit": "minutes"}
LATER = {"amount": 1, "unit": "hours"}


def persona(revision=1, **values):
    values = {
        "persona_id": uuid4(),
        "name": "Anna",
        "persona_name": "Anna Berg",
        "signature": ANNA,
        "service_description": "Acme rents bicycles to companies.",
        "prompts": {"system": "You write as Anna Berg.", "rag": "", "user": ""},
        "version": 1,
        "revision": revision,
        "updated_at": utc_now(),
        **values,
    }
    return ResolvedPersona.model_validate(values)


def step(body="Hi {firstName|there}, it is {senderName}.", delay=NOW, **values):
    return {"channel": "email", "delay": delay, "body": body, **values}


def sequence(*steps, **values):
    return {"name": f"Sequence {uuid4()}", "steps": list(steps) or [step()], **values}


def events(found, verb):
    return [body for subject, body in found if subject.startswith(f"followup.{verb}.")]


def received(event):
    return Received(event=event, source="urn:example:crm", event_id="e", traceparent=None)


def a_reply(workspace_id, at, lead_id="lead", **values):
    return received(
        LeadRepliedV1(
            workspace_id=workspace_id,
            message_id=f"m-{uuid4()}",
            lead_id=lead_id,
            channel="email",
            received_at=at,
            body_text="Yes?",
            **values,
        )
    )


class Campaigner:
    """One workspace as its people and its CRM see it."""

    def __init__(self, workspace_id, connection, client):
        self.workspace_id = workspace_id
        self.client = client
        self.js = connection.jetstream()
        self.connection = connection

    async def state(self, kind, entity_id, document):
        """Publish a state document, and wait until followup-svc knows it."""
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

    async def assign(self, campaign_id, who, revision=2, **others):
        """Let `who` speak in a campaign, and others on a channel."""
        for each in (who, *others.values()):
            await self.state("persona", str(each.persona_id), each)
        own = {channel: other.persona_id for channel, other in others.items()}
        general = dict.fromkeys(("any", "email", "sms", "linkedin"), who.persona_id)
        campaign = CampaignState(
            campaign_id=campaign_id,
            name=campaign_id,
            assignments={**general, **own},
            revision=revision,
        )
        await self.state("campaign", campaign_id, campaign)

    async def asked(self, method, path, expected=(200, 201, 204), **options):
        answer = await self.client.request(method, f"/api/{path}", **options)
        expected = expected if isinstance(expected, tuple) else (expected,)
        assert answer.status_code in expected, f"{answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def settings(self, **values):
        return await self.asked("PUT", "followup-settings", json=values)

    async def create(self, *steps, **values):
        return await self.asked("POST", "sequences", json=sequence(*steps, **values))

    async def start(self, made, *lead_ids, expected=201, skip_unavailable=False, **lead):
        leads = [{"lead_id": lead_id, **lead} for lead_id in lead_ids or (f"lead-{uuid4()}",)]
        body = {"leads": leads, "skip_unavailable": skip_unavailable}
        path = f"sequences/{made['sequence_id']}/instances"
        answer = await self.asked("POST", path, expected, json=body)
        return answer["items"] if expected == 201 else answer

    async def started(self, *steps, lead=None, campaign_id=None, lead_id=None, **values):
        """Create a sequence and start one lead; return the instance."""
        made = await self.create(*steps, **values)
        known = {"lead": lead or {"first_name": "Bo"}, "campaign_id": campaign_id}
        (instance,) = await self.start(made, lead_id or f"lead-{uuid4()}", **known)
        return instance

    async def instance(self, instance):
        return await self.asked("GET", f"instances/{instance['instance_id']}")

    async def until(self, instance, condition):
        """Return the instance once `condition` holds, or once it has the state of that name."""

        async def there():
            shown = await self.instance(instance)
            if isinstance(condition, str):
                return shown if shown["state"] == condition else None
            return shown if condition(shown) else None

        return await wait_until(there)

    async def do(self, instance, verb, expected=200, **body):
        path = f"instances/{instance['instance_id']}/{verb}"
        return await self.asked("POST", path, expected, json=body or None)

    async def publish(self, event, **headers):
        body = event.model_dump_json(exclude_unset=True).encode()
        await self.js.publish(subject_for(event), body, headers=headers or None)
        return event

    async def replies(self, lead_id, **values):
        return await self.publish(
            LeadRepliedV1.model_validate(
                {
                    "workspace_id": self.workspace_id,
                    "message_id": f"m-{uuid4()}",
                    "lead_id": lead_id,
                    "channel": "email",
                    "received_at": utc_now().isoformat(),
                    "body_text": "Yes?",
                    **values,
                }
            )
        )

    async def outcome(self, lead_id, outcome, **values):
        return await self.publish(
            LeadOutcomeV1(
                workspace_id=self.workspace_id,
                lead_id=lead_id,
                outcome=outcome,
                occurred_at=utc_now(),
                **values,
            )
        )

    async def synced(self, campaign_id, **values):
        return await self.publish(
            CampaignSyncedV1.model_validate(
                {
                    "workspace_id": self.workspace_id,
                    "campaign_id": campaign_id,
                    "name": "Spring",
                    "channel": "email",
                    "status": "running",
                    "updated_at": utc_now().isoformat(),
                    **values,
                }
            )
        )

    async def sent(self, request, **values):
        """Answer a request as the CRM does."""
        return await self.publish(
            MessageSentV1.model_validate(
                {
                    "workspace_id": self.workspace_id,
                    "request_id": request["request_id"],
                    "attempt": request["attempt"],
                    "sent_at": utc_now().isoformat(),
                    **values,
                }
            )
        )

    async def publish_as(self, event_id, request):
        """Answer a request under its own event id."""
        event = MessageSentV1(
            workspace_id=self.workspace_id,
            request_id=request["request_id"],
            attempt=request["attempt"],
            sent_at=utc_now(),
        )
        headers = encode_headers(
            event, event_id=event_id, source="urn:example:crm", time=event.sent_at
        )
        await self.publish(event, **headers)

    async def until_known(self, lead_id):
        """Return once followup-svc has handled a reply of the lead, by the sign of a preview."""
        made = await self.create(step())

        async def known():
            path = f"sequences/{made['sequence_id']}/preview"
            shown = await self.asked("POST", path, json={"lead_id": lead_id})
            return shown["steps"][0]["in_reply_to"]

        return await self.eventually(known)

    async def eventually(self, ask):
        return await wait_until(ask)

    async def failed(self, request, error="busy", *, permanent=False):
        return await self.publish(
            MessageFailedV1(
                workspace_id=self.workspace_id,
                request_id=request["request_id"],
                attempt=request["attempt"],
                error=error,
                permanent=permanent,
            )
        )

    async def requests(self, count=1):
        """Return the send requests of this workspace, once there are `count`."""
        return await self.published("followup.send_requested", count)

    async def published(self, event, count=1):
        """Return the events of this workspace of a type such as `followup.blocked`."""
        found = []
        subscription = await self.js.subscribe(
            f"{event}.v1.{self.workspace_id}", ordered_consumer=True
        )
        while len(found) < count:
            message = await subscription.next_msg(timeout=HANG_SECONDS)
            found.append(json.loads(message.data))
        await subscription.unsubscribe()
        return found
