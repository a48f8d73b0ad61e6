"""The attacker's workspace and another one that does nothing wrong, on the running services."""

import asyncio
import json
import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import nats
import psutil
from dramatis.stored import read_stored
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.clock import utc_now
from tenant import reply

ATTACKS = json.loads(Path(__file__).with_name("attacks.json").read_text())
READERS_OF_REPLIES = {f"dead.CRM.{name}-svc_on_lead_replied" for name in ("draft", "followup")}


def built(attack, number=0):
    """Return the input that the parts of an attack make, in bytes."""
    whole = ""
    for text, times in attack["parts"]:
        is_numbered = times > 1 and "@N" in text
        numbered = (text.replace("@N", str(n)) for n in range(times))
        whole += "".join(numbered) if is_numbered else text * times
    values = {"@N": str(number), "@ID": str(uuid4()), "@NOW": utc_now().isoformat()}
    for mark, value in values.items():
        whole = whole.replace(mark, value)
    return whole.encode()


def cpu_seconds(process):
    """Return the processor time of a process, and of its children, also those that have ended."""
    times = process.cpu_times()
    spent = times.user + times.system + times.children_user + times.children_system
    for child in process.children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += times.user + times.system
    return spent


class Sides:
    """Two new workspaces; what is asked without naming one is asked by `good`."""

    def __init__(self, apis, nats_url):
        self.apis = apis
        self.nats_url = nats_url
        self.evil, self.good = f"evil-{uuid4().hex[:12]}", f"good-{uuid4().hex[:12]}"

    def ask(self, service, method, path, workspace_id=None, role="admin", **more):
        api = self.apis[service]
        headers = {"Authorization": f"Bearer {api.token(workspace_id or self.good, role)}"}
        headers |= more.pop("headers", {})
        url = f"{api.url}{path}"
        return httpx.request(method, url, headers=headers, timeout=HANG_SECONDS, **more)

    def client(self, service, workspace_id, role="admin"):
        """Return a client of a service; the `path` of an attack may name a persona of it."""
        api = self.apis[service]
        headers = {"Authorization": f"Bearer {api.token(workspace_id, role)}"}
        return httpx.AsyncClient(base_url=api.url, headers=headers, timeout=HANG_SECONDS)

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

    async def all_are_handled(self):
        """Wait until no consumer of the stream CRM has an event left."""
        async with await nats.connect(self.nats_url) as connection:
            js = connection.jetstream()

            async def is_idle():
                found = await js.consumers_info("CRM")
                return all(not each.num_pending and not each.num_ack_pending for each in found)

            await wait_until(is_idle)

    async def good_is_answered(self):
        """A reply of the other workspace becomes a draft, as if nothing had happened."""
        event = reply(self.good, f"words-{uuid4()}")
        assert self.ask("draft_svc", "POST", "/api/replies", json=event).status_code == 202

        def ready():
            items = self.ask("draft_svc", "GET", "/api/drafts?status=ready").json()["items"]
            return [item for item in items if item["message_id"] == event["message_id"]]

        await wait_until(ready)

    def send_mail(self, number, **fields):
        """Have a lead of the attacker's send a reply with these texts."""
        event = reply(self.evil, "x") | {"message_id": f"m-{number}", "lead_id": f"l-{number}"}
        event.pop("body_text")
        answer = self.ask("draft_svc", "POST", "/api/replies", self.evil, json=event | fields)
        assert answer.status_code == 202, answer.text

    async def drafts(self, count):
        """Return the attacker's drafts once so many are decided on by the service."""

        def decided():
            items = self.ask("draft_svc", "GET", "/api/drafts?limit=200", self.evil).json()["items"]
            found = [item for item in items if item["status"] in {"ready", "failed"}]
            return found if len(found) >= count else None

        return await wait_until(decided)

    def persona(self, workspace_id, **values):
        """Make a persona; return its id."""
        new = {"name": "Vela"} | values
        made = self.ask("persona_svc", "POST", "/api/personas", workspace_id, json=new)
        assert made.status_code == 201, made.text
        return made.json()["persona_id"]

    def process(self, service):
        return psutil.Process(self.apis[service].process.pid)

    def memory(self, service):
        """Return the resident memory of a service and its children, in bytes."""
        whole = self.process(service)
        return sum(each.memory_info().rss for each in (whole, *whole.children(recursive=True)))

    def connections(self, service, data, count):
        """Return `count` connections over which `data` was sent, open as long as the stack is."""
        address = urlsplit(self.apis[service].url)
        opened = ExitStack()
        links = []
        for _ in range(count):
            where = (address.hostname, address.port)
            link = opened.enter_context(socket.create_connection(where, timeout=HANG_SECONDS))
            with suppress(OSError):  # it was closed before all was sent
                link.sendall(data)
            links.append(link)
        return opened, links
