"""Each process may do at the broker what it needs, which is enough, and nothing else."""

import asyncio
import contextlib
import json
import re

import httpx
import nats
import pytest
from dramatis.access import FILE, told_by_code
from dramatis.demo_story import play
from dramatis.event_feed import matches
from dramatis.nats_users import OPERATOR, TOPOLOGY
from dramatis.services import SERVICES
from service_devkit.testing.waiting import wait_until
from service_kit.topology import STREAMS, find_drift

pytestmark = [pytest.mark.long, pytest.mark.processes, pytest.mark.timeout(900)]
VIOLATION = re.compile(r'permissions violation for (publish|subscription) to "([^"]+)"')
FORBIDDEN = [
    "$JS.API.INFO",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.LIST",
    *(
        f"$JS.API.STREAM.{deed}.CRM"
        for deed in ("CREATE", "UPDATE", "DELETE", "PURGE", "SNAPSHOT", "RESTORE", "MSG.DELETE")
    ),
    "$JS.API.STREAM.CREATE.MINE",
    "$JS.API.DIRECT.GET.CRM",
    "$JS.API.CONSUMER.NAMES.CRM",
    "$JS.API.CONSUMER.CREATE.CRM",
    "$JS.API.CONSUMER.CREATE.CRM.mine",
    "$JS.API.CONSUMER.CREATE.CRM.mine.lead.replied.v1.acme",
    "$JS.API.CONSUMER.DURABLE.CREATE.CRM.mine",
    "$JS.API.CONSUMER.DURABLE.CREATE.CRM.draft-svc_on_lead_replied",
    "$JS.API.CONSUMER.DELETE.CRM.draft-svc_on_lead_replied",
    "$JS.API.CONSUMER.PAUSE.CRM.draft-svc_on_lead_replied",
    "$SYS.REQ.SERVER.PING",
    "anything.else",
]
"""What nobody but the two users for people and topology may do, beside what others need."""


def test_what_the_users_are_made_of_is_what_the_code_says():
    assert FILE.read_bytes() == told_by_code(), "run `make schemas`"


def test_the_journey_of_the_demo_needs_no_permission_that_is_missing(closed):
    play(closed, as_json=True)
    for spec in SERVICES:
        assert "broker.permission_missing" not in closed.services[spec.name].log()
        report = httpx.get(f"{closed.url(spec.name)}/readyz").json()
        assert not [each for each in report["degraded"] if "broker" in each]


async def test_a_lost_store_is_made_again_by_the_controller_alone(closed):
    await asyncio.to_thread(closed.nats.kill)
    closed.nats.delete_store()
    await asyncio.to_thread(closed.nats.start)
    connection = await nats.connect(closed.nats.address, user="crm", password="p@ss/word:%41")
    js = connection.jetstream()

    async def is_whole():
        with contextlib.suppress(nats.errors.Error, TimeoutError):
            info = await js.consumer_info("CRM", "draft-svc_on_lead_replied")
            state = (await js.stream_info("PERSONA_STATE")).state
            return info is not None and state.messages == await known_documents(closed)
        return False

    await wait_until(is_whole)
    assert await find_drift(js) == []
    await connection.close()


async def known_documents(closed):
    """Return how many documents persona-svc has to publish again."""
    sql = "select count(*) from state_document"
    return await asyncio.to_thread(closed.count, sql)


class User:
    """One user's connection, and what it was refused."""

    def __init__(self, connection, refused):
        self.connection = connection
        self._refused = refused

    async def until_refused(self, expected):
        """Wait until exactly `expected` was refused: (operation, subject in lower case)."""

        async def are_refused():
            return self.refused >= expected

        await wait_until(are_refused)
        await self.connection.flush()
        assert self.refused == expected

    @property
    def refused(self):
        return {VIOLATION.search(str(each)).groups() for each in self._refused}


@contextlib.asynccontextmanager
async def user(closed, name):
    refused = []

    async def note(error):
        refused.append(error)

    connection = await nats.connect(
        closed.nats.address, user=name, password="p@ss/word:%41", error_cb=note
    )
    yield User(connection, refused)
    await connection.close()


def concrete(pattern):
    """Return a subject that matches `pattern`."""
    return pattern.replace("*", "w9").replace(">", "w9.w8")


def allowed(permissions, operation):
    return [each.split(" ")[0] for each in permissions[operation]["allow"]]


async def test_each_credential_may_do_what_it_is_given_and_nothing_else(closed):
    everything = {
        concrete(pattern)
        for permissions in closed.permissions.values()
        for operation in ("publish", "subscribe")
        for pattern in allowed(permissions, operation)
    } | {concrete(s) for stream in STREAMS.values() for s in stream.subjects}
    everything |= set(FORBIDDEN) | {">", "_INBOX.w9", "rpc.>", "$JS.>"}
    for name, permissions in closed.permissions.items():
        async with user(closed, name) as stolen:
            expected = set()
            for subject in sorted(everything):
                # What is answered in a queue group cannot be heard outside of it.
                plain = [p for p in permissions["subscribe"]["allow"] if " " not in p]
                if not any(matches(p, subject) for p in plain):
                    expected.add(("subscription", subject.lower()))
                await stolen.connection.subscribe(subject)
                if "*" in subject or ">" in subject:
                    continue
                if not any(matches(p, subject) for p in allowed(permissions, "publish")):
                    expected.add(("publish", subject.lower()))
                await stolen.connection.publish(subject, b"?")
            await stolen.until_refused(expected)


@pytest.mark.parametrize("name", [f"{spec.name}-svc" for spec in SERVICES])
async def test_a_stolen_credential_of_a_service_creates_and_deletes_nothing(closed, name):
    async with user(closed, name) as stolen:
        for subject in FORBIDDEN:
            await stolen.connection.publish(subject, b"{}")
        await stolen.until_refused({("publish", s.lower()) for s in FORBIDDEN})


def test_only_its_owner_writes_a_stream_and_only_topology_creates(closed):
    writers = {}
    for name, permissions in closed.permissions.items():
        for subject in allowed(permissions, "publish"):
            writers.setdefault(subject, set()).add(name)
    assert writers["draft.created.v1.*"] == {"draft-svc", OPERATOR}
    assert writers["persona-state.v1.*.*.*"] == {"persona-svc"}
    assert writers["lead.replied.v1.*"] == {"draft-svc", OPERATOR}
    creating = {n for s, names in writers.items() if ".STREAM.CREATE" in s for n in names}
    assert creating == {TOPOLOGY}
    reading = {
        n for s, names in writers.items() if s.endswith("CREATE.PERSONA_STATE") for n in names
    }
    follows = {a["service"] for a in json.loads(FILE.read_bytes()) if a["follows_personas"]}
    assert reading == {*follows, OPERATOR}


def test_what_is_known_of_api_keys_is_read_by_services_alone_and_written_by_one(closed):
    services = {f"{spec.name}-svc" for spec in SERVICES}
    reading, writing = set(), set()
    for name, permissions in closed.permissions.items():
        subjects = allowed(permissions, "publish")
        if any(matches(each, "$JS.API.CONSUMER.CREATE.KEY_STATE") for each in subjects):
            reading.add(name)
        if any(matches(each, "key-state.v1.acme.k") for each in subjects):
            writing.add(name)
        assert not any("MSG.GET.KEY_STATE" in each for each in subjects)
    assert (reading, writing) == (services, {"persona-svc"})


async def test_what_a_stolen_credential_can_still_do_is_what_security_says(closed):
    """It reads the streams that its service reads, and speaks for its service in any workspace."""
    connection = await nats.connect(
        closed.nats.address,
        user="draft-svc",
        password="p@ss/word:%41",
        inbox_prefix="_INBOX_draft-svc",
    )
    js = connection.jetstream()
    stored = await js.publish("lead.replied.v1.stolen", b"{}")
    read = await js.get_msg("CRM", stored.seq)
    assert read.subject == "lead.replied.v1.stolen"
    with pytest.raises(TimeoutError):
        await js.get_msg("VOICE", 1)
    async with user(closed, "crm") as crm:
        others = "dead.PERSONA.ingest-svc_on_persona_deleted"
        parked = await crm.connection.jetstream().publish(others, b"{}")
    assert (await js.get_msg("DEAD", parked.seq)).subject == others
    await js.delete_msg("DEAD", parked.seq)
    await connection.close()


async def test_a_service_shows_what_it_could_not_handle_and_tries_it_again(closed):
    workspace = "parked-there"
    async with user(closed, "crm") as crm:
        await crm.connection.jetstream().publish(f"lead.replied.v1.{workspace}", b"{")
    headers = {"Authorization": f"Bearer {closed.token(workspace)}"}
    async with httpx.AsyncClient(base_url=closed.url("draft"), headers=headers) as api:

        async def parked():
            return (await api.get("/api/dead-letters")).raise_for_status().json()["items"]

        await wait_until(parked)
        (letter,) = await parked()
        again = await api.post(f"/api/dead-letters/{letter['dead_letter_id']}/replay")
        assert again.status_code == 409, again.text
        assert again.json()["type"].endswith("dead-letter-refused")
        assert await parked() == [letter]
    assert "broker.permission_missing" not in closed.services["draft"].log()


def test_the_operator_lists_what_is_parked_and_what_is_missing_is_named(closed, run):
    listed = run("dead", "list", "--nats", closed.operator_url)
    assert listed.code == 0, listed.err
    refused = run("topology", "apply", "--streams", "--nats", closed.operator_url)
    assert refused.code == 1
    assert "no permission to publish to $JS.API.STREAM." in refused.err
    stranger = run("dead", "list", "--nats", closed.operator_url.replace("operator:", "other:"))
    assert "refuses these credentials" in stranger.err
