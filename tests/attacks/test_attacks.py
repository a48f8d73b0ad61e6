"""Small inputs of an attacker, on the running services: nobody else notices.

`attacks.json` says who sends what, and what must be true. Its times are for idle cores: `good`,
another workspace that does nothing wrong, is waited for; what an attack costs is in the tests of
what it hits (`COVERED`) and in the bench.
"""

import asyncio
import json
from pathlib import Path
from uuid import uuid4

import httpx
import nats
import psutil
import pytest
from dramatis.stored import read_stored
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.clock import utc_now
from tenant import reply

pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[2]
ATTACKS = {
    attack["id"]: attack
    for attack in json.loads(Path(__file__).with_name("attacks.json").read_text())
}
COVERED = {
    "broker-status-100": "shared/kit/tests/messaging/test_consumer.py",
    "mail-notice-lines": "services/draft-svc/tests/domain/test_reply_hostile.py",
    "import-without-token": "tests/contracts/test_before_the_token.py",
    "half-a-body": "shared/kit/tests/http/test_patience.py",
    "prompt-lead-fields": "services/draft-svc/tests/domain/test_brief.py",
    "replay-after-lower-role": "shared/kit/tests/http/test_idempotency.py",
    "data-folder-modes": "cli/tests/test_stack.py",
    "postgres-as-nobody": "shared/devkit/tests/embedded/test_as_root.py",
    "broker-open-to-local-users": "shared/devkit/tests/embedded/test_processes.py",
    "url-empty-label": "services/ingest-svc/tests/adapters/test_fetcher.py",
    "flood-of-one-workspace": "shared/kit/tests/messaging/test_consumer.py",
}
"""Where an attack is tried that is not tried here."""


def built(name, number=0):
    """Return the input that the parts of an attack make, in bytes."""
    whole = ""
    for text, times in ATTACKS[name]["parts"]:
        is_numbered = times > 1 and "@N" in text
        numbered = (text.replace("@N", str(n)) for n in range(times))
        whole += "".join(numbered) if is_numbered else text * times
    values = {"@N": str(number), "@ID": str(uuid4()), "@NOW": utc_now().isoformat()}
    for mark, value in values.items():
        whole = whole.replace(mark, value)
    return whole.encode()


READERS_OF_REPLIES = {f"dead.CRM.{name}-svc_on_lead_replied" for name in ("draft", "followup")}


class Sides:
    """The attacker's workspace and the other one, both new."""

    def __init__(self, apis, nats_url):
        self.apis = apis
        self.nats_url = nats_url
        self.evil, self.good = f"evil-{uuid4().hex[:12]}", f"good-{uuid4().hex[:12]}"

    def ask(self, service, method, path, workspace_id=None, **more):
        api = self.apis[service]
        headers = {"Authorization": f"Bearer {api.token(workspace_id or self.good)}"}
        headers |= more.pop("headers", {})
        url = f"{api.url}{path}"
        return httpx.request(method, url, headers=headers, timeout=HANG_SECONDS, **more)

    async def publish(self, subject, body, headers=None, times=1):
        async with await nats.connect(self.nats_url) as connection:
            js = connection.jetstream()
            for _ in range(times):
                await js.publish(subject, body, headers=headers)

    async def parked(self, at_least=1):
        """Return the dead letters of the attacker's events, once there are so many."""
        found = []
        async with await nats.connect(self.nats_url) as connection, asyncio.timeout(HANG_SECONDS):
            async for letter in read_stored(connection, "DEAD", headers_only=True):
                if f".{self.evil}" in letter.headers["dlq-subject"]:
                    found.append(letter)
                if len(found) >= at_least and not letter.metadata.num_pending:
                    break
        return found

    async def good_is_answered(self):
        """A reply of the other workspace becomes a draft, as if nothing had happened."""
        event = reply(self.good, f"words-{uuid4()}")
        assert self.ask("draft_svc", "POST", "/api/replies", json=event).status_code == 202

        def ready():
            items = self.ask("draft_svc", "GET", "/api/drafts?status=ready").json()["items"]
            return [item for item in items if item["message_id"] == event["message_id"]]

        await wait_until(ready)

    def persona(self, workspace_id):
        """Make a persona; return its id."""
        made = self.ask("persona_svc", "POST", "/api/personas", workspace_id, json={"name": "Vela"})
        return made.json()["persona_id"]

    def memory(self, service):
        return psutil.Process(self.apis[service].process.pid).memory_info().rss


@pytest.fixture
def sides(apis, apis_nats_url):
    return Sides(apis, apis_nats_url)


def test_every_attack_is_tried():
    here = {name for name in ATTACKS if f'"{name}"' in Path(__file__).read_text()}
    assert here == set(ATTACKS)
    for file in COVERED.values():
        assert (ROOT / file).is_file()


async def test_headers_that_look_like_the_brokers_own_stop_nobody(sides):
    name, count = "broker-status-header", 1_050
    headers = ATTACKS[name]["headers"]
    await sides.publish(f"lead.replied.v1.{sides.evil}", built(name), headers, times=count)
    await sides.good_is_answered()
    letters = await sides.parked(count * len(READERS_OF_REPLIES))
    assert {letter.subject for letter in letters} == READERS_OF_REPLIES
    assert len(letters) == count * len(READERS_OF_REPLIES)
    assert {letter.headers["dlq-error"] for letter in letters} == {"invalid"}
    assert 'outcome="parked"' in sides.ask("draft_svc", "GET", "/metrics").text


async def test_an_event_near_the_brokers_limit_is_parked_and_everybody_goes_on(sides):
    name = "event-near-max-payload"
    await sides.publish(f"lead.replied.v1.{sides.evil}", built(name))
    letters = await sides.parked(len(READERS_OF_REPLIES))
    assert {letter.subject for letter in letters} == READERS_OF_REPLIES
    assert len(letters) == len(READERS_OF_REPLIES)
    for letter in letters:
        assert letter.headers["dlq-error"] == "too-large"
        assert letter.headers["dlq-cut"] == "body of 1048566 bytes"
    persona = sides.ask("persona_svc", "POST", "/api/personas", json={"name": "Vela"})
    assert persona.status_code == 201
    await sides.good_is_answered()
    for service in sides.apis:
        ready = sides.ask(service, "GET", "/readyz").json()
        assert "broker" not in ready["degraded"]


async def test_a_secret_in_a_header_is_not_parked(sides):
    name = "parked-header"
    headers = ATTACKS[name]["headers"]
    await sides.publish(f"lead.replied.v1.{sides.evil}", built(name), headers)
    for letter in await sides.parked(len(READERS_OF_REPLIES)):
        assert "SECRETHDR" not in str(letter.headers)


async def test_hostile_mails_of_one_workspace_delay_no_other(sides):
    html = built("mail-unmatched-end-tags").decode()
    charsets = built("mail-charset-names").decode()
    for number in range(6):
        for field, value in (("body_html", html), ("raw_email", charsets)):
            event = reply(sides.evil, "x") | {"message_id": f"{field}-{number}", field: value}
            event["lead_id"] = event["message_id"]
            event.pop("body_text", None)
            answer = sides.ask("draft_svc", "POST", "/api/replies", sides.evil, json=event)
            assert answer.status_code == 202, answer.text
    await sides.good_is_answered()

    def decided():
        items = sides.ask("draft_svc", "GET", "/api/drafts", sides.evil).json()["items"]
        return len([item for item in items if item["status"] in {"ready", "failed"}]) == 12

    await wait_until(decided)


async def test_files_that_cost_much_delay_no_other(sides):
    comments = (Path(__file__).parent / "files" / "comments.txt").read_bytes()
    ids = {workspace: sides.persona(workspace) for workspace in (sides.evil, sides.good)}

    def upload(workspace, name, body):
        path = f"/api/personas/{ids[workspace]}/files"
        files = {"file": (name, body)}
        answer = sides.ask("ingest_svc", "POST", path, workspace, files=files)
        assert answer.status_code in {201, 202}, answer.text
        return answer.json()["id"]

    assert ATTACKS["file-comments"]["file"]
    for number in range(4):
        upload(sides.evil, "notes.txt", comments + str(number).encode())
    file_id = upload(sides.good, "facts.md", b"# Facts\n\nTen seats cost ninety euros.")

    def ready():
        path = f"/api/personas/{ids[sides.good]}/files/{file_id}"
        return sides.ask("ingest_svc", "GET", path).json()["status"] == "ready"

    await wait_until(ready)


async def test_templates_are_not_kept(sides):
    name = "template-cache"
    before = sides.memory("followup_svc")
    api = sides.apis["followup_svc"]
    headers = {"Authorization": f"Bearer {api.token(sides.evil, role='viewer')}"}
    async with httpx.AsyncClient(base_url=api.url, headers=headers, timeout=HANG_SECONDS) as client:
        for number in range(100):
            text = built(name, number).decode()
            await client.post("/api/templates/lint", json={"template": text})
    assert sides.memory("followup_svc") - before < 20_000_000


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("followup_svc", "/api/templates/lint"),
        ("ingest_svc", "/api/personas/{persona_id}/knowledge/search"),
    ],
)
async def test_a_hundred_thousand_unknown_fields_are_one_short_answer(sides, service, path):
    body = built("unknown-fields")
    path = path.replace("{persona_id}", sides.persona(sides.evil))
    json_ = {"Content-Type": "application/json"}
    answer = sides.ask(service, "POST", path, sides.evil, content=body, headers=json_)
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) <= 100
    assert "fields" in answer.json()["detail"]
    assert len(answer.content) <= 64 * 1024


async def test_a_list_of_long_replies_is_no_longer_than_what_it_shows(sides):
    text = built("drafts-list").decode()
    for number in range(20):
        event = reply(sides.evil, "x") | {"message_id": f"m-{number}", "lead_id": f"l-{number}"}
        event["body_text"] = text
        assert sides.ask("draft_svc", "POST", "/api/replies", sides.evil, json=event).is_success

    def drafts():
        found = sides.ask("draft_svc", "GET", "/api/drafts?limit=200", sides.evil).json()["items"]
        return len(found) == 20 and all(item["status"] in {"ready", "failed"} for item in found)

    await wait_until(drafts)
    before = sides.memory("draft_svc")
    api = sides.apis["draft_svc"]
    headers = {"Authorization": f"Bearer {api.token(sides.evil)}"}
    async with httpx.AsyncClient(base_url=api.url, headers=headers, timeout=HANG_SECONDS) as client:
        await asyncio.gather(*(client.get("/api/drafts?limit=200") for _ in range(10)))
    assert sides.memory("draft_svc") - before < 100_000_000
