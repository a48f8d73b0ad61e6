"""ingest-svc as a process to be killed, and the account of what it leaves behind."""

import asyncio
import json
from itertools import count
from uuid import UUID

import psycopg
from ingest_svc.adapters.edge_index import EdgeIndex
from ingest_svc.adapters.originals import Originals
from ingest_svc.entrypoints.workers import remove_orphans
from qdrant_edge import CountRequest
from service_devkit.embedded import ServiceProcess
from service_devkit.testing.api import Api, service_env
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.store import Store
from shelf import Shelf

_workspaces = count(1)


class Ingest:
    """ingest-svc, to be killed, and what it leaves behind."""

    def __init__(self, database, folder, env):
        self.database = database
        self.folder = folder
        self._env = env
        self.process = ServiceProcess("ingest_svc", env=env, log_path=folder / "ingest.log")
        self.api = Api(self.process, folder)

    async def start(self, die_at=None):
        self.process._env = {**self._env, **({"DRAMATIS_DIE_AT": die_at} if die_at else {})}
        if die_at:
            await asyncio.to_thread(self.process.spawn)
        else:
            await asyncio.to_thread(self.process.start)

    async def until_dead(self, timeout_seconds=HANG_SECONDS):
        await wait_until(lambda: not self.process.is_running, timeout_seconds)

    def sql(self, query, *values):
        with psycopg.connect(self.database.admin_url, autocommit=True) as admin:
            cursor = admin.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def end_leases(self):
        """Let what the killed process had claimed be claimed at once, not in a minute."""
        for table in ("document", "content"):
            self.sql(f"update {table} set due_at = now() where lease_token is not null")  # noqa: S608
        self.sql("delete from service_lease")

    async def until_settled(self):
        query = "select count(*) from {} where due_at is not null"

        def settled():
            return all(
                self.sql(query.format(table)) == [(0,)] for table in ("document", "content")
            ) and self.sql("select count(*) from outbox where published_at is null") == [(0,)]

        await wait_until(settled)

    async def sweep(self):
        """Do what the service does each hour: a put may have been killed before its row."""
        store = Store(self.database.login_url, "ingest-svc")
        originals = Originals((self.folder / "originals").as_uri())
        await remove_orphans(store, originals, 0)
        await store.close()

    async def left_over(self):
        """Return what is in the storage and in the index, and by no row accounted for."""
        stored = {
            str(path.relative_to(self.folder / "originals"))
            for path in (self.folder / "originals").rglob("*")
            if path.is_file()
        }
        named = {key for (key,) in self.sql("select original_key from document") if key}
        index = EdgeIndex(self.folder / "passages", "words", None)
        await index.open()
        contents = self.sql("select workspace_id, content_id, chunk_count from content")
        wrong = [
            (workspace_id, content_id)
            for workspace_id, content_id, chunks in contents
            if await index.count(workspace_id, UUID(str(content_id))) != chunks
        ]
        points = index._shard.count(CountRequest(exact=True))
        await index.close()
        expected = sum(chunks for _, _, chunks in contents)
        rows = self.sql("select count(*) from chunk")[0][0]
        return {
            "originals": stored - named,
            "missing originals": named - stored,
            "contents": wrong,
            "points": points - expected,
            "chunks": rows - expected,
        }


NOTHING = {
    "originals": set(),
    "missing originals": set(),
    "contents": [],
    "points": 0,
    "chunks": 0,
}


def ingest_env(folder, database, nats_url, **more):
    env = service_env(folder, database_url=database.login_url, nats_url=nats_url)
    delays = "[0.1, 0.2, 0.5, 1, 2, 5]"
    return {
        **env,
        "DRAMATIS_ACK_WAIT_SECONDS": "5",
        "DRAMATIS_INGEST_EMBEDDER": "none",
        "DRAMATIS_INGEST_RETRY_DELAYS_SECONDS": delays,
        **more,
    }


def text(number, paragraphs=40):
    """A file of several batches' worth of words, unlike any other."""
    return "\n\n".join(
        f"File {number}, paragraph {n}. " + f"Word{number} and more of it. " * 25
        for n in range(paragraphs)
    ).encode()


def shelf_in(ingest, connection):
    workspace_id = f"kill{next(_workspaces)}"
    client = ingest.api.client(workspace_id)
    return Shelf(workspace_id, connection, client, ingest.folder)


async def files_said(shelf, verb="ready"):
    """Return the file of each `knowledge.<verb>` event, repeats of one event left out."""
    found = {}
    last = (await shelf.js.stream_info("KNOWLEDGE")).state.last_seq
    for sequence in range(1, last + 1):
        message = await shelf.js.get_msg("KNOWLEDGE", sequence)
        if message.subject == f"knowledge.{verb}.v1.{shelf.workspace_id}":
            found[message.headers["ce-id"]] = json.loads(message.data)["file_id"]
    return sorted(found.values())


async def check_all(ingest, shelf, anna, events):
    """Every file is ready, was said so once, and nothing else is left anywhere."""
    for event in events:
        file = await shelf.settled(anna, event.file_id)
        assert file["status"] == "ready", file
    await ingest.until_settled()
    assert await files_said(shelf) == sorted(event.file_id for event in events)
    await shelf.client.aclose()
    await asyncio.to_thread(ingest.process.stop)
    await ingest.sweep()
    left = await ingest.left_over()
    assert left == NOTHING, left
