"""A use case in process: a transaction on a real, migrated database that is never committed.

The database's `now()` stands still in it and no notification fires: leases, retries and windows
need real commits.
"""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from service_kit.store import Session, Store
from sqlalchemy import text

from service_devkit.testing.database import Database

_ROLE = text("select current_setting('role'), current_setting('dramatis.workspace_id')")
_SET_ROLE = text(
    "select set_config('role', :role, true),"
    " set_config('dramatis.workspace_id', :workspace_id, true)"
)
_CORRELATIONS = text("select subject, headers->>'correlation_id' from outbox order by id")
_OUTBOX = text("select subject, convert_from(body, 'UTF8') from outbox order by id")


@asynccontextmanager
async def rolled_back(
    database: Database, service: str, workspace_id: str | None
) -> AsyncGenerator[Session]:
    """Open a transaction as the API sees `workspace_id`, or as a worker; undo it at the end."""
    store = Store(database.login_url, service, pool_size=1)
    opened = store.worker() if workspace_id is None else store.workspace(workspace_id)
    try:
        async with opened as session:
            yield session
            await session.rollback()
    finally:
        await store.close()


@asynccontextmanager
async def as_worker(session: Session) -> AsyncGenerator[Session]:
    """See every workspace until the end of the block, in the same transaction."""
    role, workspace_id = (await session.execute(_ROLE)).one()
    worker = f"{str(role).rpartition('_')[0]}_worker"
    await session.execute(_SET_ROLE, {"role": worker, "workspace_id": ""})
    yield session
    await session.execute(_SET_ROLE, {"role": role, "workspace_id": workspace_id})


async def correlations(session: Session) -> list[tuple[str, str]]:
    """Return verb and `correlation_id` of each event that this transaction has published."""
    async with as_worker(session):
        rows = (await session.execute(_CORRELATIONS)).all()
    return [(subject.split(".")[1], correlation_id) for subject, correlation_id in rows]


async def published(session: Session) -> list[tuple[str, dict[str, Any]]]:
    """Return subject and body of each event that this transaction has put into the outbox."""
    async with as_worker(session):
        rows = (await session.execute(_OUTBOX)).all()
    return [(subject, json.loads(body)) for subject, body in rows]
