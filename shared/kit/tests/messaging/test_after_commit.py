"""What is counted when a transaction commits is counted once, however often it is tried."""

import pytest
from service_kit.store import Store, after_commit
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

pytestmark = pytest.mark.processes


@pytest.fixture
async def store(database):
    store = Store(database("note_svc").login_url, "note-svc")
    yield store
    await store.close()


async def test_a_try_that_fails_is_not_counted(store):
    attempts, counted = [], []

    async def change(session):
        attempts.append(session)
        after_commit(session, lambda: counted.append("committed"))
        await session.execute(text("select 1"))
        if len(attempts) == 1:
            raise OperationalError("commit", {}, Exception("the connection was lost"))

    await store.persist(change)
    assert len(attempts) == 2
    assert counted == ["committed"]


async def test_it_is_not_counted_before_the_commit(store):
    counted = []
    async with store.worker() as session:
        after_commit(session, lambda: counted.append("committed"))
        await session.execute(text("select 1"))
        assert counted == []
    assert counted == ["committed"]
