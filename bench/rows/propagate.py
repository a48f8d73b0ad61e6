"""Row 2: from the commit of a persona's change until five consumers see it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from time import time
from uuid import UUID

import httpx
import nats
import psycopg
from measured import TIMES, Measured, Row
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from persona_client import Roster
from persona_service import PERSONA, WORKSPACE, Running, persona_service
from timing import percentile

CONSUMERS = 5
POLL_SECONDS = 0.05
TIMEOUT_SECONDS = 10
WARM_UP_EDITS = 20


def measure(*, quick: bool) -> Row:
    """Edit in groups, by turns with a loop that polls; percentiles over all edits."""
    groups, edits = (2, 20) if quick else (6, 100)
    with persona_service() as service:
        ours, polled = asyncio.run(_alternate(service, groups, edits))
    return Row(
        title=f"Persona change committed → seen by {CONSUMERS} consumers",
        figures=[
            Measured("p50", percentile(ours, 50), "ms", at_most=10),
            Measured("p99", percentile(ours, 99), "ms", at_most=60),
            Measured("loop by hand, polling each 50 ms: p50", percentile(polled, 50), "ms"),
            Measured("loop by hand, polling each 50 ms: p99", percentile(polled, 99), "ms"),
            Measured("as fast as that, p50", percentile(polled, 50) / percentile(ours, 50), TIMES),
        ],
        setup=f"{len(ours)} edits over REST, one at a time, until the last consumer sees them; "
        "commit time as Postgres noted it; fsync on",
    )


async def _alternate(service: Running, groups: int, edits: int) -> tuple[list[float], list[float]]:
    ours: list[float] = []
    polled: list[float] = []
    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(
            await psycopg.AsyncConnection.connect(service.admin_url, autocommit=True)
        )
        rosters = [
            await stack.enter_async_context(Roster(service.nats_url)) for _ in range(CONSUMERS)
        ]
        client = await stack.enter_async_context(service.api.client(WORKSPACE))
        edit = await _Edits.start(client, rosters, admin)
        loop = await stack.enter_async_context(_PollingLoop(service, admin))
        await _times(edit.once, WARM_UP_EDITS)
        for _ in range(groups):
            ours += await _times(edit.once, edits)
            polled += await _times(loop.once, edits)
    return ours, polled


async def _times(once: Callable[[], Awaitable[float]], edits: int) -> list[float]:
    return [await once() for _ in range(edits)]


class _Edits:
    """Edits one persona over REST."""

    def __init__(
        self, client: httpx.AsyncClient, rosters: Sequence[Roster], admin: psycopg.AsyncConnection
    ) -> None:
        self._client = client
        self._rosters = rosters
        self._admin = admin
        self._number = 0
        self._path = ""
        self._etag = ""

    @classmethod
    async def start(
        cls, client: httpx.AsyncClient, rosters: Sequence[Roster], admin: psycopg.AsyncConnection
    ) -> "_Edits":
        """Create the persona and wait until everybody knows it."""
        edits = cls(client, rosters, admin)
        answer = (await client.post("/api/personas", json=PERSONA)).raise_for_status()
        edits._path = f"/api/personas/{answer.json()['persona_id']}"
        edits._etag = answer.headers["ETag"]
        for roster in rosters:
            await roster.wait_for(WORKSPACE, 1, TIMEOUT_SECONDS)
        return edits

    async def once(self) -> float:
        """Return the milliseconds from commit until the last Roster answers with the change."""
        self._number += 1
        tone = f"tone {self._number}"
        seen = asyncio.gather(*(self._see(roster, tone) for roster in self._rosters))
        answer = await self._client.patch(
            self._path, json={"tone": tone}, headers={"If-Match": self._etag}
        )
        self._etag = answer.raise_for_status().headers["ETag"]
        last = max(await seen)
        persona_id = UUID(self._path.rpartition("/")[2])
        query = "select pg_xact_commit_timestamp(xmin) from persona where persona_id = %s"
        return (last - await _committed_at(self._admin, query, persona_id)) * 1_000

    async def _see(self, roster: Roster, tone: str) -> float:
        persona_id = UUID(self._path.rpartition("/")[2])
        while True:
            revision = roster.revision(WORKSPACE)
            if roster.resolve(WORKSPACE, sequence_persona_id=persona_id).persona.tone == tone:
                return time()
            await roster.wait_for(WORKSPACE, revision + 1, TIMEOUT_SECONDS)


class _PollingLoop:
    """What one would write first: poll a table, publish what is new, five ordered consumers."""

    def __init__(self, service: Running, admin: psycopg.AsyncConnection) -> None:
        self._service = service
        self._admin = admin
        self._seen: list[asyncio.Queue[float]] = [asyncio.Queue() for _ in range(CONSUMERS)]
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "_PollingLoop":
        await self._admin.execute(
            "create table change (id bigint generated always as identity primary key, body text)"
        )
        connection = await nats.connect(self._service.nats_url)
        self._stack.push_async_callback(connection.close)
        js = connection.jetstream()
        await js.add_stream(name="CHANGE", subjects=["change"])
        for seen in self._seen:
            consumer = await nats.connect(self._service.nats_url)
            self._stack.push_async_callback(consumer.close)
            await consumer.jetstream().subscribe("change", ordered_consumer=True, cb=_noting(seen))
        polling = asyncio.create_task(self._poll(js))
        self._stack.callback(polling.cancel)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def once(self) -> float:
        """Return the milliseconds from commit until the last consumer has the change."""
        row = await self._admin.execute(
            "insert into change (body) values (%s) returning id", [PERSONA["content"]]
        )
        ((number,),) = await row.fetchall()
        async with asyncio.timeout(TIMEOUT_SECONDS):
            last = max([await seen.get() for seen in self._seen])
        query = "select pg_xact_commit_timestamp(xmin) from change where id = %s"
        return (last - await _committed_at(self._admin, query, number)) * 1_000

    async def _poll(self, js: JetStreamContext) -> None:
        done = 0
        async with await psycopg.AsyncConnection.connect(
            self._service.admin_url, autocommit=True
        ) as database:
            while True:
                rows = await database.execute(
                    "select id, body from change where id > %s order by id", [done]
                )
                for number, body in await rows.fetchall():
                    await js.publish("change", body.encode())
                    done = number
                await asyncio.sleep(POLL_SECONDS)


def _noting(seen: asyncio.Queue[float]) -> Callable[[Msg], Awaitable[None]]:
    async def note(_: Msg) -> None:
        seen.put_nowait(time())

    return note


async def _committed_at(admin: psycopg.AsyncConnection, query: str, key: object) -> float:
    """Return when the newest version of a row was committed, in seconds since 1970."""
    ((committed,),) = await (await admin.execute(query.encode(), [key])).fetchall()
    return committed.timestamp()
