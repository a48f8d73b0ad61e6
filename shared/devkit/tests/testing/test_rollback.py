"""Use cases in process: a real transaction in the role and workspace of a request, undone."""

import contextlib

import psycopg
import pytest
from persona_contracts import PersonaDeletedV1
from service_devkit.testing.rollback import as_worker, published, rolled_back
from service_kit.clock import utc_now
from service_kit.ids import new_id
from service_kit.outbox import publish
from sqlalchemy import text

INSERT = text(
    "insert into note (note_id, workspace_id, body) values (gen_random_uuid(), :w, 'body')"
)
COUNT = text("select count(*) from note")


@pytest.fixture(scope="session")
def service_package():
    return "note_svc"


@pytest.fixture(scope="module")
def sample(database):
    return database("note_svc")


async def test_a_session_is_a_requests_transaction(session, workspace_id):
    await session.execute(INSERT, {"w": workspace_id})
    assert await session.scalar(COUNT) == 1
    role, workspace = (
        await session.execute(text("select current_user, current_setting('dramatis.workspace_id')"))
    ).one()
    assert (role, workspace) == ("note_api", workspace_id)
    with pytest.raises(Exception, match="row-level security"):
        await session.execute(INSERT, {"w": "another"})


@pytest.mark.parametrize("time", ["first", "second"])
async def test_nothing_of_another_test_is_there(worker_session, time):
    assert await worker_session.scalar(COUNT) == 0, time
    await worker_session.execute(INSERT, {"w": "acme"})
    assert await worker_session.scalar(COUNT) == 1


async def test_nothing_is_committed_whether_the_block_ends_well_or_not(sample):
    async with rolled_back(sample, "note-svc", "acme") as session:
        await session.execute(INSERT, {"w": "acme"})
    with contextlib.suppress(ZeroDivisionError):
        async with rolled_back(sample, "note-svc", "acme") as session:
            await session.execute(INSERT, {"w": "acme"})
            raise ZeroDivisionError
    with psycopg.connect(sample.admin_url) as admin:
        assert admin.execute("select count(*) from note").fetchone() == (0,)


async def test_what_a_use_case_publishes_is_read_in_its_transaction(session, workspace_id):
    event = PersonaDeletedV1(
        workspace_id=workspace_id,
        persona_id=new_id(),
        revision=2,
        changed_by="tester",
        occurred_at=utc_now(),
    )
    await publish(session, event)
    ((subject, body),) = await published(session)
    assert subject == f"persona.deleted.v1.{workspace_id}"
    assert body["persona_id"] == str(event.persona_id)
    assert await session.scalar(text("select current_user")) == "note_api"


async def test_a_worker_sees_every_workspace_in_the_same_transaction(session, workspace_id):
    await session.execute(INSERT, {"w": workspace_id})
    async with as_worker(session):
        await session.execute(INSERT, {"w": "another"})
        assert await session.scalar(COUNT) == 2
    assert await session.scalar(COUNT) == 1
