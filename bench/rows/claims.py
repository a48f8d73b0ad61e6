"""Row 11: what a claim of due work costs, and whom a flood of another workspace delays."""

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any
from uuid import UUID

import psycopg
from followup_svc.adapters.instances import LEASES
from measured import Measured, Row
from service_devkit.embedded import PostgresProcess
from service_devkit.testing.database import Database, Databases
from service_devkit.testing.waiting import wait_until
from service_kit.batch_work import BatchPool
from service_kit.leases import Claims
from service_kit.store import Session, Store
from service_kit.wakeups import WORK_CHANNEL, Wakeups
from sqlalchemy import text

WORKSPACES = 20_000
WAITING_EACH = 20
BATCH = 500
"""As followup-svc claims."""
SINGLES = 20
APART_SECONDS = 0.1
FLOOD = "flood"
_WAITING = """
insert into instance_due (instance_id, workspace_id, due_at)
  select gen_random_uuid(), 'bench-' || n %% %(workspaces)s, now() + interval '1 day'
  from generate_series(1, %(rows)s) n
"""
_DUE = """
insert into instance_due (instance_id, workspace_id, due_at)
  select gen_random_uuid(), %(workspace)s, now() from generate_series(1, %(rows)s)
"""
_DONE = """
update instance_due set due_at = null, lease_token = null
where instance_id = any(:ids) and lease_token = :token returning workspace_id
"""


def measure(*, quick: bool) -> Row:
    """Time claims beside many workspaces, then single rows beside a flood."""
    flood, repeats = (10_000, 30) if quick else (100_000, 200)
    with (
        tempfile.TemporaryDirectory() as name,
        PostgresProcess(Path(name) / "postgres") as postgres,
    ):
        database = Databases(postgres).new("followup_svc")
        with psycopg.connect(database.admin_url, autocommit=True) as admin:
            admin.execute("alter table instance_due drop constraint instance_due_instance_id_fkey")
            rows = {"workspaces": WORKSPACES, "rows": WORKSPACES * WAITING_EACH}
            admin.execute(_WAITING, rows)
            admin.execute("vacuum analyze")
            idle = asyncio.run(_claims(database, repeats))
            admin.execute(_DUE, {"workspace": FLOOD, "rows": flood})
            beside = asyncio.run(_claims(database, repeats))
            delays = asyncio.run(_delays(database, admin))
    return Row(
        title=f"a claim of due work, {WORKSPACES:,} workspaces with {WAITING_EACH} waiting rows",
        figures=[
            Measured("a look that finds nothing due, median", median(idle), "ms", at_most=3),
            Measured(f"a claim of 1 row of {flood:,}, median", median(beside), "ms", at_most=3),
            Measured("of that, p99", quantiles(beside, n=100)[98], "ms"),
            Measured(
                f"a row of another workspace beside {flood:,} due ones, median", median(delays), "s"
            ),
            Measured("the slowest", max(delays), "s", at_most=1),
        ],
        setup=f"fsync on; {SINGLES} single rows while a pool works on the flood by {BATCH}",
    )


async def _claims(database: Database, repeats: int) -> list[float]:
    """Return how long claims of one row take, in ms, without their commit."""
    store, took = Store(database.login_url, "followup-svc"), list[float]()
    for _ in range(repeats):
        async with store.worker() as session:
            start = perf_counter()
            await LEASES.claim_unread(session, 1)
            took.append((perf_counter() - start) * 1_000)
            await session.rollback()
    await store.close()
    return took


class _Work:
    """Ends the leases; notes when a row came that is not of the flood."""

    def __init__(self) -> None:
        self.others = list[tuple[str, float]]()
        self.done = 0

    def is_ready(self) -> bool:
        return True

    async def do(self, session: Session, claims: Claims) -> None:
        held = {"ids": list(claims.item_ids), "token": claims.token}
        workspaces = (await session.scalars(text(_DONE), held)).all()
        self.done += len(workspaces)
        self.others += [(name, perf_counter()) for name in workspaces if name != FLOOD]

    async def give_up(self, session: Session, item_id: UUID) -> None:
        raise NotImplementedError


async def _delays(database: Database, admin: psycopg.Connection[Any]) -> list[float]:
    """Return from due to worked on, in seconds, of rows that come while the flood is drained."""
    store, work, due = Store(database.login_url, "followup-svc"), _Work(), dict[str, float]()
    wakeups = Wakeups(store, WORK_CHANNEL)
    pool = BatchPool(store, LEASES, work, size=BATCH)
    tasks = [
        asyncio.create_task(wakeups.run()),
        asyncio.create_task(pool.run(wakeups.subscribe(WORK_CHANNEL))),
    ]
    for number in range(SINGLES):
        name = f"single-{number}"
        due[name] = perf_counter()
        await asyncio.to_thread(admin.execute, _DUE, {"workspace": name, "rows": 1})
        await asyncio.sleep(APART_SECONDS)
    await wait_until(lambda: len(work.others) == SINGLES, 300)
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await store.close()
    return [at - due[name] for name, at in work.others]
