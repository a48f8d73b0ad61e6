"""An erasure that is due and an undelete: the workspace's lock decides, and one wins."""

import asyncio
from datetime import timedelta

import psycopg
import pytest
from persona_svc.adapters import personas
from persona_svc.domain.persona import PersonaFields, PersonaNotFoundError
from persona_svc.usecases.begin_change import Actor, begin_change
from persona_svc.usecases.create_persona import create_persona
from persona_svc.usecases.delete_persona import delete_persona
from persona_svc.usecases.erase_persona import erase_persona
from persona_svc.usecases.undelete_persona import undelete_persona
from service_devkit.testing.waiting import wait_until
from service_kit.erasure import Erasure, ErasureKind
from service_kit.store import Store

TESTER = Actor(subject="tester", role="admin")
WAITERS = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"


@pytest.fixture
async def store(persona_database):
    opened = Store(persona_database.login_url, "persona-svc")
    yield opened
    await opened.close()


@pytest.fixture
def command(store, workspace_id):
    async def given(use_case, *arguments):
        async with store.workspace(workspace_id) as session:
            change = await begin_change(session, workspace_id, TESTER)
            done = await use_case(change, *arguments)
        return done, change.at

    return given


@pytest.fixture
async def deleted(command, workspace_id):
    """Return a deleted persona and the erasure of it that is due."""
    await command(create_persona, PersonaFields(name="Default"))
    anna, _ = await command(create_persona, PersonaFields(name="Anna"))
    _, at = await command(delete_persona, anna, None, timedelta())
    return anna, Erasure(
        kind=ErasureKind.PERSONA,
        workspace_id=workspace_id,
        subject_id=str(anna.persona_id),
        before=at,
    )


async def waits_for_a_lock(persona_database):
    # In one transaction pg_stat_activity stays what it was at the first look.
    async with await psycopg.AsyncConnection.connect(
        persona_database.admin_url, autocommit=True
    ) as connection:

        async def someone_waits():
            return (await (await connection.execute(WAITERS)).fetchone())[0]

        await wait_until(someone_waits)


async def test_an_erasure_that_comes_second_leaves_the_persona_alone(
    store, deleted, workspace_id, persona_database
):
    anna, erasure = deleted
    async with store.workspace(workspace_id) as session:
        change = await begin_change(session, workspace_id, TESTER)
        await undelete_persona(change, anna.persona_id)
        erasing = asyncio.create_task(erase_persona(store, erasure))
        await waits_for_a_lock(persona_database)
    await erasing
    async with store.workspace(workspace_id) as session:
        assert (await personas.get(session, workspace_id, anna.persona_id)).version == 2


async def test_an_undelete_that_comes_second_finds_nobody(command, store, deleted):
    anna, erasure = deleted
    await erase_persona(store, erasure)
    with pytest.raises(PersonaNotFoundError):
        await command(undelete_persona, anna.persona_id)
    await erase_persona(store, erasure)  # a second time, as after a death


async def test_an_earlier_erasure_does_not_take_a_later_deletion(
    command, store, deleted, workspace_id
):
    anna, erasure = deleted
    back, _ = await command(undelete_persona, anna.persona_id)
    await command(delete_persona, back, None, timedelta(days=30))
    await erase_persona(store, erasure)
    async with store.workspace(workspace_id) as session:
        assert await personas.get_deleted(session, workspace_id, anna.persona_id)
