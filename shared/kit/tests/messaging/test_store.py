"""What use cases ask the store."""

from datetime import UTC

import pytest
from service_kit.store import Store, database_now
from sqlalchemy import func, select


@pytest.fixture
async def store(database):
    opened = Store(database("probe_svc").login_url, "probe-svc")
    yield opened
    await opened.close()


async def test_the_databases_clock_goes_on_within_a_transaction(store):
    async with store.worker() as session:
        began_at = (await session.scalars(select(func.now()))).one()
        first, second = await database_now(session), await database_now(session)
    assert began_at < first < second
    assert first.tzinfo is UTC
