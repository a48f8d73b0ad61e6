"""Batches of leased rows: one transaction for many, and no row costs another."""

import asyncio

import pytest
from notes import LEASES, NoteRow, note
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.batch_work import MAX_ATTEMPTS, BatchPool
from service_kit.store import Store, any_of, pair_of
from service_kit.wakeups import WORK_CHANNEL, Wakeups
from sqlalchemy import select, text, update


@pytest.fixture
async def store(database):
    opened = Store(database("note_svc").login_url, "note-svc", pool_size=8)
    yield opened
    await opened.close()


async def add(store, *notes):
    async with store.worker() as session:
        session.add_all(notes)
        await LEASES.wake_workers(session)


class Doing:
    """Marks rows as done; those that are called `bad` make it fail."""

    def __init__(self):
        self.sizes = []
        self.given_up = []
        self.ready = True
        self.waits_at_end = None

    def is_ready(self):
        return self.ready

    async def do(self, session, claims):
        rows = list(
            await session.scalars(
                select(NoteRow).where(
                    any_of(NoteRow.note_id, claims.item_ids), NoteRow.lease_token == claims.token
                )
            )
        )
        self.sizes.append(len(rows))
        if any(row.body.startswith("bad") for row in rows):
            raise ValueError("a bad row")
        if self.waits_at_end:
            self.waits_at_end.set()
            await asyncio.sleep(0.3)
        for row in rows:
            row.text, row.due_at, row.lease_token = "done", None, None

    async def give_up(self, session, item_id):
        row = await session.get_one(NoteRow, item_id)
        row.text, row.due_at, row.lease_token = "given up", None, None
        self.given_up.append(item_id)


@pytest.fixture
async def run(store):
    tasks = []
    wakeups = Wakeups(store, WORK_CHANNEL)

    def start(work, size=10):
        pool = BatchPool(store, LEASES, work, size=size, rest_seconds=0.05)
        tasks.append(asyncio.create_task(pool.run(wakeups.subscribe(WORK_CHANNEL))))
        return tasks[-1]

    tasks.append(asyncio.create_task(wakeups.run()))
    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def results(store):
    async with store.worker() as session:
        rows = await session.execute(select(NoteRow.body, NoteRow.text))
        return dict(list(rows))


async def until_all(store, value):
    async def all_have_it():
        found = await results(store)
        return found if set(found.values()) == {value} else None

    return await wait_until(all_have_it)


async def test_many_rows_are_worked_on_in_few_transactions(store, run):
    await add(store, *(note(body=f"m{number}") for number in range(25)))
    work = Doing()
    run(work)
    assert len(await until_all(store, "done")) == 25
    assert sum(work.sizes) == 25
    assert max(work.sizes) == 10


async def test_a_bad_row_costs_no_other_and_is_given_up(store, run, monkeypatch):
    monkeypatch.setattr("service_kit.batch_work.FIRST_DELAY_SECONDS", 0.01)
    await add(store, *(note(body=f"m{number}") for number in range(5)), note(body="bad"))
    work = Doing()
    run(work)

    async def settled():
        found = await results(store)
        return found if None not in found.values() else None

    found = await wait_until(settled)
    assert found.pop("bad") == "given up"
    assert set(found.values()) == {"done"}
    assert len(work.given_up) == 1
    assert len([size for size in work.sizes if size == 1]) >= MAX_ATTEMPTS


async def test_nothing_is_claimed_before_the_work_is_ready(store, run):
    await add(store, note(body="m"))
    work = Doing()
    work.ready = False
    run(work)
    await asyncio.sleep(0.2)
    async with store.worker() as session:
        assert (
            await session.scalar(text("select count(*) from note where lease_token is null")) == 1
        )
    work.ready = True
    await until_all(store, "done")


async def test_a_batch_that_is_begun_is_finished_when_the_pool_stops(store, run):
    await add(store, note(body="m"))
    work = Doing()
    work.waits_at_end = asyncio.Event()
    pool = run(work)
    await work.waits_at_end.wait()
    pool.cancel()
    await asyncio.wait([pool], timeout=HANG_SECONDS)
    assert set((await results(store)).values()) == {"done"}


async def test_rows_are_found_by_any_number_of_values_with_one_text(store):
    await add(store, *(note(f"w{number % 2}", body=f"m{number}") for number in range(6)))

    def names(query):
        return str(query.compile(store.engine.sync_engine))

    few, many = (
        select(NoteRow.body).where(any_of(NoteRow.body, [f"m{n}" for n in range(count)]))
        for count in (1, 5)
    )
    assert names(few) == names(many)
    async with store.worker() as session:
        assert len((await session.scalars(many)).all()) == 5
        pairs = {("w0", "m0"), ("w1", "m0"), ("w1", "m3")}
        found = await session.scalars(
            select(NoteRow.body).where(pair_of(NoteRow.workspace_id, NoteRow.body, pairs))
        )
        assert set(found) == {"m0", "m3"}
        nobody = select(NoteRow.body).where(pair_of(NoteRow.workspace_id, NoteRow.body, []))
        assert (await session.scalars(nobody)).all() == []
        await session.execute(update(NoteRow).where(any_of(NoteRow.body, [])).values(text="no"))
    assert set((await results(store)).values()) == {None}
