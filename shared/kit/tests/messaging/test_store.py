"""What use cases ask the store."""

from datetime import UTC

import psycopg
import pytest
from service_kit.store import Store, database_now
from sqlalchemy import func, select, text


@pytest.fixture
def probe_database(database):
    return database("note_svc")


@pytest.fixture
async def store(probe_database):
    opened = Store(probe_database.login_url, "note-svc")
    yield opened
    await opened.close()


async def test_the_databases_clock_goes_on_within_a_transaction(store):
    async with store.worker() as session:
        began_at = (await session.scalars(select(func.now()))).one()
        first, second = await database_now(session), await database_now(session)
    assert began_at < first < second
    assert first.tzinfo is UTC


async def test_a_connection_of_the_pool_that_was_lost_costs_no_caller(store, probe_database):
    async with store.worker() as session, store.worker() as other:
        first = (await session.scalars(select(func.pg_backend_pid()))).one()
        second = (await other.scalars(select(func.pg_backend_pid()))).one()
    with psycopg.connect(probe_database.admin_url.replace("+psycopg", "")) as admin:
        admin.execute(
            "select pg_terminate_backend(pid, 5000) from unnest(%s) as pid", [[first, second]]
        )
    for _ in range(3):
        async with store.worker() as session:
            assert (await session.scalars(select(func.pg_backend_pid()))).one() not in {
                first,
                second,
            }


async def test_a_transaction_has_its_role_and_its_workspace_alone(store):
    async with store.workspace("it's 'quoted'") as session:
        found = await session.execute(
            text("select current_user, current_setting('dramatis.workspace_id')")
        )
        assert tuple(found.one()) == ("note_api", "it's 'quoted'")
    async with store.worker() as session:
        found = await session.execute(
            text("select current_user, current_setting('dramatis.workspace_id')")
        )
        assert tuple(found.one()) == ("note_worker", "")
