"""What PERSONA_STATE announces: up to which revision of a workspace it has everything."""

import pytest
from nats.js.errors import NotFoundError
from persona_contracts import COMPLETE_HEADER
from persona_svc.adapters.state_documents import BATCH, StateDocument, StateDocuments, save_all
from service_kit.store import Store
from service_kit.topology import STATE_STREAM
from sqlalchemy import text


@pytest.fixture
async def store(persona_database):
    store = Store(persona_database.login_url, "persona-svc")
    yield store
    await store.close()


@pytest.fixture
def save(store, workspace_id):
    """Return a function that commits a change of some personas, or leaves it to `session`."""

    async def change(revision, *names, session=None):
        documents = [
            StateDocument(kind="persona", entity_id=name, body={"revision": revision})
            for name in names
        ]
        if session is not None:
            await save_all(session, workspace_id, documents)
            return
        async with store.worker() as own:
            await save_all(own, workspace_id, documents)

    return change


@pytest.fixture
def drain(store, connection):
    async def once():
        async with store.worker() as session:
            return await StateDocuments().drain(session, connection)

    return once


@pytest.fixture
def announced(connection, workspace_id):
    """Return a function: (name, revision announced) of each document, in the stream's order."""

    async def read():
        found, sequence = [], 1
        while True:
            try:
                message = await connection.jetstream().get_msg(
                    STATE_STREAM, sequence, subject=f"persona-state.v1.{workspace_id}.>", next=True
                )
            except NotFoundError:
                return found
            name = message.subject.rpartition(".")[2]
            found.append((name, int(message.headers[COMPLETE_HEADER])))
            sequence = message.seq + 1

    return read


async def test_the_last_document_of_a_change_announces_it(save, drain, announced):
    await save(1, "a", "b")
    await save(2, "c")
    await drain()
    assert await announced() == [("a", 0), ("b", 0), ("c", 2)]


async def test_a_change_that_does_not_fit_is_announced_with_its_last_document(
    save, drain, announced
):
    await save(1, *(f"{number:03}" for number in range(BATCH + 1)))
    assert await drain()
    assert {revision for _, revision in await announced()} == {0}
    await drain()
    assert (await announced())[-1] == ("200", 1)


async def test_a_document_that_a_running_change_holds_is_not_taken_for_sent(
    store, save, drain, announced
):
    await save(1, "a", "b")
    async with store.worker() as session:
        await save(2, "a", session=session)
        await drain()
        assert await announced() == [("b", 0)]
    await drain()
    assert (await announced())[-1] == ("a", 2)


async def test_what_two_relays_send_at_once_is_announced_when_both_are_done(
    store, connection, save, drain, announced
):
    await save(1, "a", "b")
    async with store.worker() as other:
        lock = "select 1 from state_document where subject like '%.a' for update"
        await other.execute(text(lock))
        await drain()
        await StateDocuments().drain(other, connection)
    await drain()
    assert (await announced())[-1][1] == 1


async def test_nothing_is_sent_twice_when_nothing_is_left(save, drain, announced, connection):
    await save(1, "a", "b")
    await drain()
    before = (await connection.jetstream().stream_info(STATE_STREAM)).state.last_seq
    await drain()
    assert (await connection.jetstream().stream_info(STATE_STREAM)).state.last_seq == before
    assert (await announced())[-1] == ("b", 1)
