"""persona-svc as a process, on its own servers, which wait for the disk."""

import asyncio
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nats
import psycopg
from service_devkit.embedded import NatsProcess, PostgresProcess, free_port
from service_devkit.testing.api import Api, running, service_env
from service_devkit.testing.database import Database, Databases
from service_kit.topology import apply_streams

WORKSPACE = "acme"
PERSONA = {
    "name": "Anna",
    "persona_name": "Anna",
    "tone": "warm, brief, never pushy",
    "content": "We answer every lead within a minute, in the words of the team. " * 16,
}


@dataclass(frozen=True, slots=True)
class Running:
    """The service, and what it runs on."""

    api: Api
    database: Database
    admin_url: str
    """The superuser's, for psycopg."""
    nats_url: str


@contextmanager
def persona_service() -> Generator[Running]:
    """Start it; the database notes when each transaction committed."""
    with (
        tempfile.TemporaryDirectory() as name,
        NatsProcess(Path(name) / "nats") as broker,
        PostgresProcess(Path(name) / "postgres", port=free_port()) as postgres,
    ):
        with psycopg.connect(postgres.admin_url, autocommit=True) as admin:
            admin.execute("alter system set track_commit_timestamp = on")
        postgres.restart()
        asyncio.run(_make_streams(broker.url))
        database = Databases(postgres).new("persona_svc")
        folder = Path(name) / "service"
        env = service_env(folder, database_url=database.login_url, nats_url=broker.url)
        with running("persona_svc", folder, env) as api:
            yield Running(api, database, database.admin_url.replace("+psycopg", ""), broker.url)


async def _make_streams(nats_url: str) -> None:
    connection = await nats.connect(nats_url)
    await apply_streams(connection.jetstream())
    await connection.close()
