"""The admin of a workspace that has something in every table."""

import httpx
import nats as nats_client
from persona_contracts import CampaignSyncedV1, LeadErasedV1, subject_for
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.clock import utc_now

SECRET = "whisper-of-the-other-workspace"


class Tenant:
    """The admin of a workspace, and the ids of what is in it."""

    def __init__(self, workspace_id, apis):
        self.workspace_id = workspace_id
        self._apis = apis
        self.ids = {}

    def call(self, service, method, path, credential=None, **more):
        """Ask as the workspace's admin, or with another token or API key."""
        api = self._apis[service]
        credential = credential or api.token(self.workspace_id)
        headers = {"Authorization": f"Bearer {credential}"}
        headers |= more.pop("headers", {})
        return httpx.request(
            method, f"{api.url}{path}", headers=headers, timeout=HANG_SECONDS, **more
        )

    def done(self, *call, **more):
        answer = self.call(*call, **more)
        assert answer.is_success, answer.text
        return answer.json()

    def key(self, **grant):
        """Return a new API key of an admin, unless `grant` says otherwise, and its id."""
        made = self.done(
            "persona_svc", "POST", "/api/keys", json={"name": "k", "role": "admin", **grant}
        )
        return made["api_key"], made["key"]["key_id"]

    async def furnish(self, nats_url, words):
        """Put a row into every table that a tenant has."""
        campaign = f"campaign-{self.workspace_id}"
        persona = self.done(
            "persona_svc",
            "POST",
            "/api/personas",
            json={"name": words, "tone": words, "voice": {"provider": "x", "enabled": True}},
            headers={"Idempotency-Key": words},
        )
        self.ids = {"persona": persona["persona_id"], "campaign": campaign}
        self.ids["prompt"] = self._prompted(words)
        self.done("persona_svc", "PUT", "/api/workspace/settings", json={"ai_goals": words})
        await self._told(nats_url, words)
        await wait_until(lambda: self.done("persona_svc", "GET", "/api/campaigns")["items"])
        assignment = {"persona_id": persona["persona_id"]}
        path = f"/api/campaigns/{campaign}/persona"
        for channel in ({}, {"channel": "sms"}):
            self.done("persona_svc", "PUT", path, json=assignment | channel)
        self._delete_another(words)
        grant = {"name": words, "role": "viewer", "persona_ids": [self.ids["persona"]]}
        made = self.done("persona_svc", "POST", "/api/keys", json=grant)
        self.ids["key"] = made["key"]["key_id"]
        self.ids["draft"] = await self._drafted(words)
        path = f"/api/personas/{self.ids['persona']}/voice/setup"
        await wait_until(lambda: self.call("voice_svc", "POST", path).is_success)
        self.ids |= await self._chatted(words)
        self.ids["session"] = self._signed_in()
        self.ids["file"] = await self._learned(words)
        self.ids |= await self._followed_up(words)

    def _prompted(self, words):
        template = {"title": words, "system": words, "rag": words, "user": words}
        path = f"/api/prompt-templates/template_of_{self.workspace_id}"
        self.done("persona_svc", "PUT", path, json=template)
        path = f"/api/personas/{self.ids['persona']}/prompts/user/greeting/versions"
        saved = self.done("persona_svc", "POST", path, json={"content": words})
        return saved["version"]["version_id"]

    async def _chatted(self, words):
        path = f"/api/chat/{self.ids['persona']}/conversations"
        headers = {"Idempotency-Key": words}
        made = self.done("chat_svc", "POST", path, json={"title": words}, headers=headers)
        thread = {"conversation": made["conversation_id"]}
        body = {"message": words, "thread_id": made["conversation_id"]}
        heard = self.call("chat_svc", "POST", f"/chat/{self.ids['persona']}", json=body)
        assert heard.text.endswith("data: [DONE]\n\n"), heard.text
        path = f"/api/conversations/{made['conversation_id']}/messages"
        _, answer = self.done("chat_svc", "GET", path)["messages"]
        gap = self.done("chat_svc", "GET", "/api/knowledge/gaps")["items"][0]
        return {**thread, "message": answer["message_id"], "gap": gap["gap_id"]}

    def _signed_in(self):
        code = self.done("studio_svc", "POST", "/api/login-codes")["code"]
        url = self._apis["studio_svc"].url
        answer = httpx.post(f"{url}/api/login", json={"code": code}, headers={"Origin": url})
        assert answer.is_success, answer.text
        (session,) = self.done("studio_svc", "GET", "/api/sessions")["items"]
        return session["session_id"]

    def _delete_another(self, words):
        named = {"name": f"{words}, deleted"}
        persona = self.done("persona_svc", "POST", "/api/personas", json=named)
        path = f"/api/personas/{persona['persona_id']}"
        answer = self.call("persona_svc", "DELETE", path, headers={"If-Match": '"1"'})
        assert answer.is_success, answer.text

    async def _told(self, nats_url, words):
        """Publish what the CRM tells every service: a campaign, and a lead that it has erased."""
        campaign = CampaignSyncedV1(
            workspace_id=self.workspace_id,
            campaign_id=self.ids["campaign"],
            name=words,
            channel="email",
            status="active",
            updated_at=utc_now(),
        )
        lead = LeadErasedV1(
            workspace_id=self.workspace_id, lead_id=f"erased-{words}", erased_at=utc_now()
        )
        connection = await nats_client.connect(nats_url)
        for event in (campaign, lead):
            body = event.model_dump_json(exclude_unset=True).encode()
            await connection.jetstream().publish(subject_for(event), body)
        await connection.close()

    async def _drafted(self, words):
        self.done("draft_svc", "POST", "/api/replies", json=reply(self.workspace_id, words))

        def ready():
            items = self.done("draft_svc", "GET", "/api/drafts?status=ready")["items"]
            return items[0]["draft_id"] if items else None

        draft_id = await wait_until(ready)
        self.done("draft_svc", "POST", f"/api/drafts/{draft_id}/regenerate")
        return await wait_until(ready)

    async def _followed_up(self, words):
        """Leave an instance that is paused, after a step that was requested."""
        self.done("followup_svc", "PUT", "/api/followup-settings", json={"send_window": None})
        now = {"delay": {"amount": 0, "unit": "minutes"}}
        new = {"name": words, "steps": [{**now, "body": words}, {**now, "body": "{bookingLink}"}]}
        made = self.done(
            "followup_svc",
            "POST",
            "/api/sequences",
            json=new,
            headers={"Idempotency-Key": words},
        )
        path = f"/api/sequences/{made['sequence_id']}"
        lead = {"lead_id": f"lead-{words}", "campaign_id": self.ids["campaign"]}
        started = self.done("followup_svc", "POST", f"{path}/instances", json={"leads": [lead]})
        instance_id = started["items"][0]["instance_id"]

        def requested():
            shown = self.done("followup_svc", "GET", f"/api/instances/{instance_id}")
            return shown["awaiting_answer"]

        await wait_until(requested)
        gone = {"lead_id": f"gone-{words}", "reason": words}
        suppressed = self.done("followup_svc", "POST", "/api/suppressions", json=gone)
        back = {"email": f"{words}@lead.example", "reason": words}
        lifted = self.done("followup_svc", "POST", "/api/suppressions", json=back)
        path = f"/api/suppressions/{lifted['suppression_id']}?reason={words}"
        assert self.call("followup_svc", "DELETE", path).status_code == 204
        return {
            "sequence": made["sequence_id"],
            "instance": instance_id,
            "suppression": suppressed["suppression_id"],
        }

    async def _learned(self, words):
        path = f"/api/personas/{self.ids['persona']}/files"
        note = f"Nobody else may read this: {words}.".encode()

        def uploaded():
            answer = self.call("ingest_svc", "POST", path, files={"files": (f"{words}.txt", note)})
            return answer.json()["id"] if answer.status_code == 201 else None

        file_id = await wait_until(uploaded)  # once the persona is known there

        def settled():
            file = self.done("ingest_svc", "GET", f"{path}/{file_id}")
            return file["status"] == "ready" and file["vectors"] == "complete"

        await wait_until(settled)
        return file_id


def reply(workspace_id, words):
    return {
        "workspace_id": workspace_id,
        "message_id": f"message-{words}",
        "lead_id": f"lead-{words}",
        "channel": "email",
        "received_at": utc_now().isoformat(),
        "subject": words,
        "body_text": f"What does it cost? {words}",
    }
