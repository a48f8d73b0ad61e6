"""Whoever listens is told what has changed, once the Roster answers by it."""

import asyncio
import itertools

import pytest
from persona_client import Change, Roster
from persona_client.changes import Listeners
from persona_client.contents import Contents
from service_devkit.testing.waiting import HANG_SECONDS


async def test_of_a_document_that_changed_again_the_newest_alone_waits():
    listeners = Listeners(None)
    changes = listeners.listen()
    listeners.tell(Change("acme", "persona", "p", 1, deleted=False))
    listeners.tell(Change("acme", "campaign", "c", 2, deleted=False))
    listeners.tell(Change("acme", "persona", "p", 3, deleted=True))
    told = [await anext(changes), await anext(changes)]
    assert told == [
        Change("acme", "campaign", "c", 2, deleted=False),
        Change("acme", "persona", "p", 3, deleted=True),
    ]


async def test_a_callback_that_fails_costs_nobody_else_a_change(caplog):
    def fail(change):
        raise ValueError(change.entity_id)

    listeners = Listeners(fail)
    changes = listeners.listen()
    change = Change("acme", "persona", "p", 1, deleted=False)
    listeners.tell(change)
    assert await anext(changes) == change
    assert "on_change failed" in caplog.text


def test_of_a_replaced_store_what_differs_is_told(make):
    same, other, gone, new = (make.persona(name) for name in ("same", "other", "gone", "new"))
    before, after = Contents("one", 0), Contents("two", 0)
    for document in (same, other, gone):
        before.apply(*make.message(document))
    for document in (same, other.model_copy(update={"revision": 4}), new):
        after.apply(*make.message(document))
    assert set(after.changes_since(before)) == {
        Change("acme", "persona", str(other.persona_id), 4, deleted=False),
        Change("acme", "persona", str(gone.persona_id), 0, deleted=True),
        Change("acme", "persona", str(new.persona_id), 1, deleted=False),
    }


@pytest.mark.processes
async def test_a_change_is_told_when_the_roster_has_it(broker, make):
    persona = make.persona("Ann")
    await broker.put(make.message(persona))
    told, names = asyncio.Queue(), []

    def on_change(change):
        names.append(roster.persona("acme", persona.persona_id).name)
        told.put_nowait(change)

    async with Roster(broker.url, on_change=on_change) as roster:
        changes = roster.changes()
        for revision, name in zip(itertools.count(2), ("Bea", "Cleo"), strict=False):
            renamed = persona.model_copy(update={"name": name, "revision": revision})
            await broker.put(make.message(renamed))
            async with asyncio.timeout(HANG_SECONDS):
                change = await anext(changes)
                assert change == await told.get()
            assert change == Change(
                "acme", "persona", str(persona.persona_id), revision, deleted=False
            )
    assert names == ["Bea", "Cleo"]
