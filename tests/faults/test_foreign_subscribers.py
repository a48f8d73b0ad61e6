"""Other teams' FastStream apps on every stream: by its defaults they declare our streams anew."""

import asyncio
from contextlib import ExitStack
from time import perf_counter

import nats
import pytest
from faststream.nats import JStream, NatsBroker
from persona_client import Roster
from service_devkit.testing.api import running, service_env
from service_devkit.testing.waiting import wait_until
from service_kit.topology import STREAMS, find_drift
from tenant import reply

pytestmark = pytest.mark.faults
EDITS, CHILDREN, REPLIES = 100, 5, 40
MAX_SECONDS = 2.0
LOOK_SECONDS = 15
"""How often services look at the streams."""
SLACK_SECONDS = 5
"""For the look itself, on a busy machine."""
WORKSPACE = "acme"


@pytest.fixture
def services(own_nats, database, tmp_path):
    """Return persona-svc and draft-svc on a broker that nobody else uses."""
    with ExitStack() as stack:

        def started(package):
            env = service_env(
                tmp_path, database_url=database(package).login_url, nats_url=own_nats.url
            )
            return stack.enter_context(running(package, tmp_path, env))

        yield started("persona_svc"), started("draft_svc")


async def foreign_app(url):
    app = NatsBroker(url, logger=None)
    for name, config in STREAMS.items():
        if name == "ADVISORY":
            continue  # the server forbids others to take its subjects

        @app.subscriber(config.subjects[0], stream=JStream(name))
        async def handle(message: object) -> None:
            del message

    await app.start()
    return app


@pytest.mark.timeout(900)
async def test_they_cost_no_reader_a_document_and_no_lead_a_draft(services, own_nats):
    personas, drafts = services
    async with (
        personas.client(WORKSPACE) as admin,
        drafts.client(WORKSPACE) as editor,
        Roster(own_nats.url) as roster,
        await nats.connect(own_nats.url) as connection,
    ):
        js = connection.jetstream()
        parent = (await admin.post("/api/personas", json={"name": "Parent"})).json()["persona_id"]
        for number in range(CHILDREN):
            child = {"name": f"Child {number}", "parent_id": parent}
            (await admin.post("/api/personas", json=child)).raise_for_status()
        app = await foreign_app(own_nats.url)
        assert await find_drift(js) != []
        mending = asyncio.create_task(seconds_until_declared(js))

        took = [await seconds_of_an_edit(admin, roster, parent, n) for n in range(EDITS)]
        for number in range(REPLIES):
            answer = await editor.post("/api/replies", json=reply(WORKSPACE, f"w{number}"))
            assert answer.status_code == 202
        async with Roster(own_nats.url) as fresh:
            assert fresh.revision(WORKSPACE) == roster.revision(WORKSPACE)

        assert await drafts_stored(editor, js) == REPLIES
        restored = await mending
        print(f"slowest edit {max(took):.2f} s, streams restored after {restored:.1f} s")  # noqa: T201
        assert max(took) < MAX_SECONDS
        assert restored < LOOK_SECONDS + SLACK_SECONDS
        await app.stop()


async def seconds_of_an_edit(admin, roster, persona_id, number):
    """Return how long it takes until a reader has the edit, with the children's documents."""
    path, change = f"/api/personas/{persona_id}", {"tone": f"tone {number}"}
    answer = await admin.patch(path, json=change, headers={"If-Match": "*"})
    revision, begun = int(answer.headers["Dramatis-Revision"]), perf_counter()

    def all_have_it():
        known = roster.revision(WORKSPACE) or 0
        return known >= revision

    await wait_until(all_have_it)
    return perf_counter() - begun


async def drafts_stored(editor, js):
    """Return how many `draft.created` the broker has, once every reply has its draft."""

    async def are_ready():
        found = (await editor.get("/api/drafts?status=ready&limit=200")).json()["items"]
        return len(found) == REPLIES

    subject = f"draft.created.v1.{WORKSPACE}"

    async def stored():
        info = await js.stream_info("DRAFT", subjects_filter=subject)
        return (info.state.subjects or {}).get(subject, 0)

    async def are_stored():
        return await stored() >= REPLIES

    await wait_until(are_ready)
    await wait_until(are_stored)
    return await stored()


async def seconds_until_declared(js):
    """Return how long it takes until every stream is as declared again."""
    begun = perf_counter()

    async def is_as_declared():
        return await find_drift(js) == []

    await wait_until(is_as_declared)
    return perf_counter() - begun
