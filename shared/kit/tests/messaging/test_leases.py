"""Leased rows: each is worked on by one, in turn over workspaces, and never gets stuck."""

import asyncio
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from notes import LEASES, NoteRow, note, rejected
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.clock import utc_now
from service_kit.errors import InvalidError, OverloadedError, UpstreamError
from service_kit.lease_times import LeaseTimes
from service_kit.leases import BUSY_SECONDS, REST_SECONDS, Settlement
from service_kit.outbox import publish
from service_kit.shared_commits import SharedCommits
from service_kit.store import Store
from service_kit.wakeups import WORK_CHANNEL, Wakeups, notify, wait
from service_kit.work import MAX_DEATHS, WorkPool
from sqlalchemy import select, text

CONCURRENCY = 4


@pytest.fixture
async def store(database):
    opened = Store(database("note_svc").login_url, "note-svc", pool_size=8)
    yield opened
    await opened.close()


async def add(store, *notes):
    async with store.worker() as session:
        session.add_all(notes)
        await LEASES.wake_workers(session)


async def claim(store, count):
    async with store.worker() as session:
        return await LEASES.claim(session, count)


async def settle(store, *settlements):
    async with store.worker() as session:
        return await LEASES.settle(session, settlements)


async def expire(store):
    async with store.worker() as session:
        await session.execute(text("update note set due_at = now() where due_at is not null"))


async def test_two_claimers_never_get_the_same_row(store):
    await add(store, *(note() for _ in range(100)))
    claims = await asyncio.gather(*(claim(store, 10) for _ in range(12)))
    ids = [item.item_id for some in claims for item in some]
    assert len(ids) == len(set(ids))
    assert len(ids) >= 50


async def test_a_busy_workspace_does_not_keep_others_waiting(store):
    await add(store, *(note("busy") for _ in range(50)), *(note("quiet") for _ in range(2)))
    await add(store, note("new"))
    claims = await claim(store, 6)
    by_workspace = Counter(item.item.workspace_id for item in claims)
    assert by_workspace["quiet"] == 2
    assert by_workspace["new"] == 1
    assert by_workspace["busy"] == 3


async def neighbour(store, workspace_id, *, same_slot):
    """Return a workspace that shares its slot with another, or does not."""
    await add(store, *(note(f"n{number}", due_at=None) for number in range(1_000)))
    own = (
        select(NoteRow.slot).where(NoteRow.workspace_id == workspace_id).limit(1).scalar_subquery()
    )
    in_own_slot = NoteRow.slot == own
    async with store.worker() as session:
        others = select(NoteRow.workspace_id).where(NoteRow.due_at.is_(None))
        return await session.scalar(others.where(in_own_slot if same_slot else ~in_own_slot))


@pytest.mark.parametrize("same_slot", [True, False])
async def test_one_row_behind_thousands_of_another_workspace_is_in_the_next_claim(store, same_slot):
    long_ago = utc_now() - timedelta(days=1)
    await add(store, *(note("flood", due_at=long_ago) for _ in range(2_000)))
    quiet = await neighbour(store, "flood", same_slot=same_slot)
    await add(store, note(quiet))
    claims = await claim(store, 4)
    assert Counter(item.item.workspace_id for item in claims) == {"flood": 3, quiet: 1}


async def test_a_workspace_that_is_worked_on_comes_after_one_that_is_not(store):
    long_ago = utc_now() - timedelta(days=1)
    await add(store, *(note("busy", due_at=long_ago) for _ in range(50)), note("idle"))
    async with store.worker() as session:
        (first,) = await LEASES.claim(session, 1, {"busy": 1})
        assert first.item.workspace_id == "idle"
        (second,) = await LEASES.claim(session, 1, {"busy": 1, "idle": 1})
        assert second.item.workspace_id == "busy"


async def test_no_workspace_gets_more_than_its_share(store):
    await add(store, *(note("flood") for _ in range(50)), note("quiet"))
    async with store.worker() as session:
        claims = await LEASES.claim(session, 10, {"flood": 1}, share=3)
    assert Counter(claim.workspace_id for claim in claims) == {"flood": 2, "quiet": 1}


async def test_the_rows_of_a_workspace_are_taken_in_the_order_in_which_they_were_due(store):
    now = utc_now()
    for age in (1, 3, 5, 2, 4):
        await add(store, note(body=f"{age}", due_at=now - timedelta(seconds=age)))
    taken = [(await claim(store, 1))[0].item.body for _ in range(5)]
    assert taken == ["5", "4", "3", "2", "1"]


async def test_a_row_of_a_dead_process_is_claimed_again_and_the_late_result_is_dropped(store):
    await add(store, note())
    (dead,) = await claim(store, 5)
    assert await claim(store, 5) == []
    await expire(store)
    (alive,) = await claim(store, 5)
    assert alive.item_id == dead.item_id
    assert (alive.attempts, alive.deaths) == (1, 1)
    assert not await settle(store, Settlement.finish(dead))
    assert set(await settle(store, Settlement.finish(alive))) == {alive.item_id}
    await expire(store)
    assert await claim(store, 5) == []


async def test_a_lease_lasts_as_long_as_the_settings_say(database):
    short = Store(
        database("note_svc").login_url,
        "note-svc",
        lease=LeaseTimes(lease_seconds=0.2, heartbeat_seconds=0.1),
    )
    await add(short, note())
    (first,) = await claim(short, 1)
    (second,) = await wait_until(lambda: claim(short, 1), 120)
    assert second.item_id == first.item_id
    assert second.item.due_at - first.item.due_at >= timedelta(seconds=0.2)
    await short.close()


async def test_long_work_keeps_its_lease_by_heartbeats(database):
    store = Store(
        database("note_svc").login_url, "note-svc", lease=LeaseTimes(heartbeat_seconds=0.02)
    )

    class Long(Doing):
        async def do(self, claim):
            async def is_renewed():
                async with store.worker() as session:
                    row = await session.get_one(NoteRow, claim.item_id)
                    return row.due_at > claim.item.due_at + timedelta(seconds=0.1)

            await wait_until(is_renewed, 120)
            return await super().do(claim)

    await add(store, note())
    pool = WorkPool(store, LEASES, Long(), concurrency=1, retry_delays=())
    task = asyncio.create_task(pool.run(asyncio.Event()))
    await until_results(store, 1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await store.close()


class Doing:
    """Work whose outcome the test decides."""

    def __init__(self, outcome=None):
        self.outcome = outcome
        self.attempts = 0
        self.given_up = []

    async def do(self, claim):
        self.attempts += 1
        if self.outcome is not None and (error := self.outcome(self.attempts)) is not None:
            raise error

        async def finish(session):
            row = await session.get_one(NoteRow, claim.item_id)
            row.text = f"try {self.attempts}"
            await publish(session, rejected(row.body, row.workspace_id))

        return finish

    async def give_up(self, session, claim, error):
        self.given_up.append((claim.attempts, error.slug, str(error)))
        (await session.get_one(NoteRow, claim.item_id)).text = error.slug


@pytest.fixture
async def run(store):
    tasks = []
    wakeups = Wakeups(store, WORK_CHANNEL)

    def start(work, retry_delays=(0, 0), share=None):
        pool = WorkPool(
            store,
            LEASES,
            work,
            concurrency=CONCURRENCY,
            retry_delays=retry_delays,
            workspace_share=share,
        )
        tasks.append(asyncio.create_task(pool.run(wakeups.subscribe(WORK_CHANNEL))))

    tasks.append(asyncio.create_task(wakeups.run()))
    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def results(store):
    async with store.worker() as session:
        return list(await session.scalars(select(NoteRow.text)))


async def until_results(store, count):
    async def there():
        return sum(result is not None for result in await results(store)) == count

    await wait_until(there)


async def test_new_work_wakes_the_pools_of_its_table_alone(store):
    wakeups = Wakeups(store, WORK_CHANNEL)
    own = wakeups.subscribe(WORK_CHANNEL, LEASES.name)
    of_another_table = wakeups.subscribe(WORK_CHANNEL, "erasure")
    listening = asyncio.create_task(wakeups.run())
    await asyncio.gather(own.wait(), of_another_table.wait())  # it listens
    own.clear()
    of_another_table.clear()
    await add(store, note())
    await own.wait()
    assert not of_another_table.is_set()
    async with store.worker() as session:
        await notify(session, WORK_CHANNEL)  # as a release before this one did
    await of_another_table.wait()
    listening.cancel()


async def rest_seconds(store):
    async with store.worker() as session:
        return await LEASES.rest_seconds(session)


async def test_a_worker_rests_until_the_next_row_is_due_or_a_lease_ends(store):
    assert await rest_seconds(store) == REST_SECONDS
    soon = note(due_at=utc_now() + timedelta(seconds=3))
    await add(store, soon, note(due_at=utc_now() + timedelta(days=1)))
    assert BUSY_SECONDS < await rest_seconds(store) <= 3
    await add(store, note())
    assert await rest_seconds(store) == BUSY_SECONDS
    await claim(store, 1)
    async with store.worker() as session:
        await session.execute(text("update note set due_at = now() + interval '2 s'"))
    assert 0 < await rest_seconds(store) <= 2


async def test_what_falls_due_later_is_done_though_nobody_wakes_the_pool(store, run, monkeypatch):
    monkeypatch.setattr("service_kit.leases.REST_SECONDS", 3600)
    work = Doing()
    async with store.worker() as session:
        session.add(note(due_at=utc_now() + timedelta(seconds=0.5)))
    run(work)
    await until_results(store, 1)


async def test_a_pool_that_rests_tries_again_in_time(store, run, monkeypatch):
    monkeypatch.setattr("service_kit.leases.REST_SECONDS", 3600)
    work = Doing(lambda attempt: UpstreamError("away") if attempt == 1 else None)
    await add(store, note())
    run(work, retry_delays=(2,))
    await until_results(store, 1)
    assert work.attempts == 2


async def test_each_row_is_done_once_by_two_pools(store, run):
    works = [Doing(), Doing()]
    for work in works:
        run(work)
    await add(store, *(note() for _ in range(60)))
    await until_results(store, 60)
    assert sum(work.attempts for work in works) == 60


async def test_an_upstream_that_is_away_is_tried_again_later(store, run):
    work = Doing(lambda attempts: UpstreamError("away") if attempts < 3 else None)
    run(work)
    await add(store, note())
    await until_results(store, 1)
    assert await results(store) == ["try 3"]
    assert work.given_up == []


async def test_work_is_given_up_after_the_last_try_with_the_reason(store, run):
    work = Doing(lambda _: UpstreamError("still away"))
    run(work)
    await add(store, note())
    await until_results(store, 1)
    assert work.given_up == [(3, "upstream-unavailable", "still away")]


async def test_an_error_that_trying_again_cannot_mend_ends_the_work_at_once(store, run):
    work = Doing(lambda _: InvalidError("no words"))
    run(work)
    await add(store, note())
    await until_results(store, 1)
    assert work.given_up == [(1, "invalid", "no words")]


async def test_a_row_that_kills_every_process_is_given_up(store, run):
    work = Doing()
    await add(store, note(deaths=MAX_DEATHS))
    run(work)
    await until_results(store, 1)
    assert work.attempts == 0
    assert [slug for _, slug, _ in work.given_up] == ["abandoned"]


async def test_what_the_upstream_asked_for_is_waited(store, run):
    work = Doing(lambda _: UpstreamError("busy", extra={"retry_after_seconds": 3600}))
    run(work)
    await add(store, note())

    async def postponed():
        async with store.worker() as session:
            return await session.scalar(
                text("select count(*) from note where due_at > now() + interval '50 minutes'")
            )

    await wait_until(postponed)
    assert work.attempts == 1


class Slow(Doing):
    """Says what it begins, and ends each as it is told to."""

    def __init__(self):
        super().__init__()
        self.begun, self.may_end = asyncio.Queue(), asyncio.Queue()

    async def do(self, claim):
        await self.begun.put(claim.item.workspace_id)
        await self.may_end.get()
        return await super().do(claim)


async def test_a_workspace_with_its_share_in_work_leaves_room_for_another(store, run):
    work = Slow()
    await add(store, *(note("flood") for _ in range(20)))
    run(work, share=CONCURRENCY - 1)
    assert [await work.begun.get() for _ in range(3)] == ["flood"] * 3
    await add(store, note("quiet"))
    assert await work.begun.get() == "quiet"
    assert work.begun.empty()
    for _ in range(21):
        await work.may_end.put(None)
    await until_results(store, 21)


async def test_a_pool_full_of_one_workspace_takes_another_s_row_next(store, run):
    work = Slow()
    begun, may_end = work.begun, work.may_end
    long_ago = utc_now() - timedelta(days=1)
    await add(store, *(note("flood", due_at=long_ago) for _ in range(200)))
    run(work)
    assert [await begun.get() for _ in range(CONCURRENCY)] == ["flood"] * CONCURRENCY
    await add(store, note("quiet"))
    await may_end.put(None)
    assert await begun.get() == "quiet"
    for _ in range(200):
        await may_end.put(None)


class Together(Doing):
    """Lets many end at once; stores the transaction in which each result was stored."""

    def __init__(self, count, bad=()):
        super().__init__()
        self.left = count
        self.all_there = asyncio.Event()
        self.bad = bad

    async def do(self, claim):
        self.left -= 1
        if self.left == 0:
            self.all_there.set()
        await self.all_there.wait()

        async def finish(session):
            if claim.item.body in self.bad:
                raise ValueError("a bug")
            row = await session.get_one(NoteRow, claim.item_id)
            row.text = str(await session.scalar(text("select pg_current_xact_id()::text")))
            await publish(session, rejected(row.body, row.workspace_id))

        return finish


async def test_results_that_are_ready_together_share_a_transaction(store, run):
    await add(store, *(note(body=f"m{number}") for number in range(CONCURRENCY)))
    run(Together(CONCURRENCY))
    await until_results(store, CONCURRENCY)
    assert len(set(await results(store))) == 1
    async with store.worker() as session:
        assert await session.scalar(text("select count(*) from outbox")) == CONCURRENCY


async def test_a_result_that_cannot_be_stored_costs_no_other(store, run):
    names = ["bad", *(f"m{number}" for number in range(1, CONCURRENCY))]
    await add(store, *(note(body=name) for name in names))
    run(Together(CONCURRENCY, bad={"bad"}))
    await until_results(store, CONCURRENCY)
    async with store.worker() as session:
        found = dict(list(await session.execute(select(NoteRow.body, NoteRow.text))))
    assert found.pop("bad") == "upstream-unavailable"
    assert all(result.isdigit() for result in found.values())


@pytest.mark.parametrize("is_left", [True, False], ids=["nobody-waits-for-it", "both"])
async def test_a_result_ends_the_lease_though_a_part_of_it_waits_to_be_kept(store, is_left):
    """Both are ready at the same time: together they would end the work and keep its lease."""
    await add(store, note())
    (claimed,) = await claim(store, 1)
    commits = SharedCommits(store, LEASES)

    async def write(session, body):
        (await session.get_one(NoteRow, claimed.item_id)).body = body

    async def stored(settlement, body):
        await commits.store(settlement, partial(write, body=body))

    keeping = asyncio.create_task(stored(Settlement.renew(claimed, store.lease), "part"))
    await asyncio.sleep(0)
    finishing = asyncio.create_task(stored(Settlement.finish(claimed), "whole"))
    if is_left:
        keeping.cancel()
    running = asyncio.create_task(commits.run())
    async with asyncio.timeout(HANG_SECONDS):
        await finishing
    running.cancel()
    await asyncio.gather(running, keeping, return_exceptions=True)
    async with store.worker() as session:
        row = await session.get_one(NoteRow, claimed.item_id)
        assert (row.body, row.due_at, row.lease_token) == ("whole", None, None)


async def test_a_part_of_the_result_is_kept_when_the_rest_fails(store, run):
    class Halfway(Doing):
        async def do(self, claim):
            async def half(session):
                (await session.get_one(NoteRow, claim.item_id)).text = "half"

            await claim.keep(half)
            raise InvalidError("no more")

        async def give_up(self, session, claim, _):
            self.given_up.append((await session.get_one(NoteRow, claim.item_id)).text)

    work = Halfway()
    run(work)
    await add(store, note())
    await wait_until(lambda: work.given_up)
    assert work.given_up == ["half"]


async def test_nothing_more_is_asked_of_an_upstream_until_the_time_that_it_names(store, run):
    work = Doing(lambda _: OverloadedError("busy", extra={"retry_after_seconds": 3600}))
    await add(store, note())
    run(work)
    await wait_until(lambda: work.attempts)
    await add(store, *(note() for _ in range(10)))
    pool = WorkPool(store, LEASES, Doing(), concurrency=1, retry_delays=())
    other = asyncio.create_task(pool.run(asyncio.Event()))
    await until_results(store, 10)
    other.cancel()
    await asyncio.gather(other, return_exceptions=True)
    assert work.attempts == 1


async def test_a_stopped_pool_hands_its_rows_back(store):
    started, never = asyncio.Event(), asyncio.Event()

    class Stuck(Doing):
        async def do(self, claim):
            started.set()
            await never.wait()
            return await super().do(claim)

    pool = WorkPool(store, LEASES, Stuck(), concurrency=1, retry_delays=())
    await add(store, note())
    wakeup = asyncio.Event()
    task = asyncio.create_task(pool.run(wakeup))
    await started.wait()
    pool.stop_seconds = 0.1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    (again,) = await claim(store, 1)
    assert again.attempts == 2


async def test_a_cancellation_that_comes_with_the_wakeup_is_not_lost():
    event = asyncio.Event()
    waiting = asyncio.create_task(wait(event, 30))
    await asyncio.sleep(0)
    event.set()
    waiting.cancel()
    await asyncio.wait([waiting], timeout=HANG_SECONDS)
    assert waiting.cancelled()
