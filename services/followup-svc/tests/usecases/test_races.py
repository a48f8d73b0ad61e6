"""Sending against replies, other schedulers and wrong clocks, in one process on a real database."""

import asyncio
from collections import Counter
from datetime import timedelta

import nats as nats_client
import psycopg
import pytest
from following import persona
from followup_svc.adapters import instances, leads, send_requests, sequences
from followup_svc.adapters.instances import LEASES
from followup_svc.adapters.sequence_versions import SequenceVersions
from followup_svc.domain.instance import Reason, State
from followup_svc.domain.lead import LeadKey, LeadUpdate
from followup_svc.domain.sequence import Definition, OnReply, SequenceNotFoundError, Step
from followup_svc.domain.window import Delay, DelayUnit, SendWindow, Weekday
from followup_svc.usecases.apply_send_results import apply_send_results
from followup_svc.usecases.create_sequence import create_sequence
from followup_svc.usecases.delete_sequence import delete_sequence
from followup_svc.usecases.record_outcomes import record_outcomes
from followup_svc.usecases.record_replies import record_replies
from followup_svc.usecases.resume_paused import resume_paused
from followup_svc.usecases.send_due import SendDue
from followup_svc.usecases.start_instances import LeadToStart, start_instances
from followup_svc.usecases.start_triggered import start_triggered
from followup_svc.usecases.stop_on_reply import stop_on_reply
from persona_client import Freshness, Roster
from persona_contracts import (
    Channel,
    LeadOutcomeV1,
    LeadRepliedV1,
    MessageSentV1,
    Received,
    WorkspaceState,
    state_subject,
)
from service_devkit.testing.waiting import wait_until
from service_kit.clock import utc_now
from service_kit.store import Store
from service_kit.topology import apply_streams
from sqlalchemy import text

WORKSPACE = "races"
NOW = Delay(amount=0, unit=DelayUnit.MINUTES)


@pytest.fixture
async def roster(nats_url, connection):
    who = persona()
    js = connection.jetstream()
    workspace = WorkspaceState(default_persona_id=who.persona_id, revision=1)
    for kind, entity_id, document in (
        ("persona", str(who.persona_id), who),
        ("workspace", WORKSPACE, workspace),
    ):
        subject = state_subject(WORKSPACE, kind, entity_id)
        await js.publish(subject, document.model_dump_json().encode())
    async with Roster(nats_url) as roster:
        yield roster


class Scheduler:
    """What one process does, step by step; its clock is the database's."""

    def __init__(self, store, roster):
        self.store = store
        self.versions = SequenceVersions()
        self.roster = roster
        self.due = SendDue(roster, self.versions)

    async def start(self, *lead_ids, steps=1, on_reply=OnReply.STOP, delay=NOW, window=None):
        async with self.store.workspace(WORKSPACE) as session:
            step = Step(
                channel=Channel.EMAIL, delay=delay, subject=None, body="Hi, it is {senderName}."
            )
            sequence = await create_sequence(
                session,
                WORKSPACE,
                Definition(
                    name=f"{lead_ids[0]} {utc_now()}",
                    ai_persona_id=None,
                    steps=(step,) * steps,
                    send_window=window,
                    stop_on_reply=True,
                    on_reply=on_reply,
                    trigger=None,
                ),
                by="tester",
            )
            started, _ = await start_instances(
                session,
                sequence,
                [LeadToStart(lead_id=lead_id, campaign_id=None) for lead_id in lead_ids],
                by="tester",
                skip_unavailable=False,
            )
        return started

    async def claim(self, count=1_000):
        async with self.store.worker() as session:
            return await LEASES.claim_unread(session, count)

    async def send(self, batch):
        async with self.store.worker() as session:
            await self.due.do(session, batch)

    async def reply(self, lead_id, session=None):
        event = LeadRepliedV1(
            workspace_id=WORKSPACE,
            message_id=f"m-{lead_id}-{utc_now()}",
            lead_id=lead_id,
            channel="email",
            received_at=utc_now(),
            body_text="Yes?",
        )
        if session is not None:
            await self._reply(session, event)
            return
        async with self.store.worker() as own:
            await self._reply(own, event)

    async def _reply(self, session, event):
        replies = await record_replies(session, [received(event)])
        await stop_on_reply(session, replies, self.versions)
        await start_triggered(session, "lead.replied", replies, self.roster)


def received(event):
    return Received(event=event, source="urn:example:crm", event_id="e", traceparent=None)


@pytest.fixture
async def scheduler(followup_database, roster):
    store = Store(followup_database.login_url, "followup-svc")
    yield Scheduler(store, roster)
    await store.close()


@pytest.fixture
def requests(followup_database):
    """Return a function: how often each lead's step was requested, by (lead, step, attempt)."""

    def read():
        with psycopg.connect(followup_database.admin_url) as admin:
            rows = admin.execute(
                "select convert_from(body, 'utf8')::jsonb from outbox"
                " where subject like 'followup.send_requested%'"
            ).fetchall()
        return Counter((body["lead_id"], body["step"], body["attempt"]) for (body,) in rows)

    return read


async def test_a_reply_between_claim_and_commit_lets_no_request_out(scheduler, requests):
    (instance,) = await scheduler.start("between")
    batch = await scheduler.claim()
    assert instance.instance_id in batch.item_ids
    await scheduler.reply("between")
    await scheduler.send(batch)
    assert requests()["between", 1, 1] == 0


async def test_a_reply_that_is_being_processed_is_waited_for(scheduler, requests):
    await scheduler.start("meanwhile")
    batch = await scheduler.claim()
    async with scheduler.store.worker() as session:
        await scheduler.reply("meanwhile", session)
        sending = asyncio.create_task(scheduler.send(batch))
        await until_it_waits_for_a_lock(scheduler.store)
        assert not sending.done()
    await sending
    assert requests()["meanwhile", 1, 1] == 0


async def until_it_waits_for_a_lock(store):
    async def waits():
        async with store.engine.connect() as connection:
            return await connection.scalar(text("select count(*) from pg_locks where not granted"))

    await wait_until(waits)


async def test_a_reply_just_before_the_claim_leaves_nothing_to_send(scheduler, requests):
    await scheduler.start("before")
    await scheduler.reply("before")
    await scheduler.send(await scheduler.claim())
    assert requests()["before", 1, 1] == 0


async def test_a_reply_that_pauses_lets_no_request_out_either(scheduler, requests):
    await scheduler.start("pausing", on_reply=OnReply.PAUSE)
    batch = await scheduler.claim()
    await scheduler.reply("pausing")
    await scheduler.send(batch)
    assert requests()["pausing", 1, 1] == 0
    async with scheduler.store.workspace(WORKSPACE) as session:
        await resume_paused(session, "replied", None, scheduler.versions, by="tester")
    await scheduler.send(await scheduler.claim())
    assert requests()["pausing", 1, 1] == 1


async def test_an_unsubscription_between_claim_and_commit_lets_no_request_out(scheduler, requests):
    await scheduler.start("leaving")
    batch = await scheduler.claim()
    event = LeadOutcomeV1(
        workspace_id=WORKSPACE, lead_id="leaving", outcome="unsubscribed", occurred_at=utc_now()
    )
    async with scheduler.store.worker() as session:
        await record_outcomes(session, [received(event)])
    await scheduler.send(batch)
    assert requests()["leaving", 1, 1] == 0


async def test_a_start_and_a_reply_at_once_see_each_other(scheduler, followup_database):
    lead_ids = [f"both-{number}" for number in range(20)]
    for lead_id in lead_ids:
        await asyncio.gather(scheduler.start(lead_id), scheduler.reply(lead_id))
    with psycopg.connect(followup_database.admin_url) as admin:
        rows = admin.execute(
            "select state, started_at < last_reply_at from instance"
            " join lead using (workspace_id, lead_id) where lead_id = any(%s)",
            [lead_ids],
        ).fetchall()
    assert len(rows) == len(lead_ids)
    # One that was received a moment before the start stops it too, if it is handled after it.
    assert {(state == "stopped", replied_later) for state, replied_later in rows} <= {
        (True, True),
        (True, False),
        (False, False),
    }


async def test_a_lease_that_was_lost_sends_nothing(scheduler, requests, followup_database):
    await scheduler.start("lost")
    first = await scheduler.claim()
    with psycopg.connect(followup_database.admin_url, autocommit=True) as admin:
        admin.execute("update instance_due set due_at = now() where lease_token is not null")
    second = await scheduler.claim()
    assert set(second.item_ids) == set(first.item_ids)
    await scheduler.send(first)
    assert requests()["lost", 1, 1] == 0
    await scheduler.send(second)
    await scheduler.send(second)
    await scheduler.send(first)
    assert requests()["lost", 1, 1] == 1


async def test_two_schedulers_on_one_database_double_nothing_in_a_thousand(
    followup_database, roster, scheduler, requests
):
    lead_ids = [f"many-{number}" for number in range(1_000)]
    await scheduler.start(*lead_ids)
    store = Store(followup_database.login_url, "followup-svc")
    schedulers = [scheduler, Scheduler(store, roster)]

    async def drain(one):
        while (batch := await one.claim(37)).item_ids:
            await one.send(batch)

    await asyncio.gather(*(drain(one) for one in schedulers for _ in range(2)))
    await store.close()
    found = requests()
    assert {found[lead_id, 1, 1] for lead_id in lead_ids} == {1}


@pytest.mark.parametrize("skew", [timedelta(seconds=-90), timedelta(hours=1)])
async def test_a_scheduler_whose_clock_is_wrong_sends_nothing_early_or_twice(
    scheduler, requests, skew, time_machine
):
    soon, later = f"soon {skew}", f"later {skew}"
    time_machine.move_to(utc_now() + skew, tick=True)
    await scheduler.start(soon)
    await scheduler.start(later, delay=Delay(amount=30, unit=DelayUnit.MINUTES))
    for _ in range(3):
        await scheduler.send(await scheduler.claim())
    assert requests()[soon, 1, 1] == 1
    assert requests()[later, 1, 1] == 0


async def test_answers_to_one_request_at_once_move_the_instance_once(scheduler, requests):
    (instance,) = await scheduler.start("answers", steps=3)
    await scheduler.send(await scheduler.claim())
    async with scheduler.store.worker() as session:
        (requested,) = await send_requests.of_instance(session, instance.instance_id)
    answer = MessageSentV1(
        workspace_id=WORKSPACE,
        request_id=str(requested.request_id),
        attempt=1,
        sent_at=utc_now(),
    )

    async def apply():
        async with scheduler.store.worker() as session:
            await apply_send_results(session, [answer], scheduler.versions, ())

    await asyncio.gather(*(apply() for _ in range(5)))
    await scheduler.send(await scheduler.claim())
    found = requests()
    assert (found["answers", 2, 1], found["answers", 3, 1]) == (1, 0)


@pytest.fixture
def request_ids(followup_database):
    """Return a function: under which ids a lead's step was requested, oldest first."""

    def read(lead_id):
        with psycopg.connect(followup_database.admin_url) as admin:
            rows = admin.execute(
                "select convert_from(body, 'utf8')::jsonb from outbox"
                " where subject like 'followup.send_requested%%' order by id"
            ).fetchall()
        return [body["request_id"] for (body,) in rows if body["lead_id"] == lead_id]

    return read


async def test_a_restored_service_requests_a_step_under_the_id_that_the_crm_knows(
    scheduler, request_ids, followup_database
):
    (instance,) = await scheduler.start("restored")
    await scheduler.send(await scheduler.claim())
    with psycopg.connect(followup_database.admin_url, autocommit=True) as admin:
        of_it = [instance.instance_id]
        admin.execute("delete from step where instance_id = %s", of_it)
        admin.execute(
            "update instance set awaiting_answer = false, next_at = now() where instance_id = %s",
            of_it,
        )
        admin.execute("update instance_due set due_at = now() where instance_id = %s", of_it)
    await scheduler.send(await scheduler.claim())
    first, again = request_ids("restored")
    assert first == again


async def test_a_step_that_was_requested_under_another_id_keeps_it(
    scheduler, request_ids, followup_database
):
    (instance,) = await scheduler.start("older")
    await scheduler.send(await scheduler.claim())
    with psycopg.connect(followup_database.admin_url, autocommit=True) as admin:
        of_it = [instance.instance_id]
        ((older_id,),) = admin.execute(
            "update step set request_id = gen_random_uuid() where instance_id = %s"
            " returning request_id",
            of_it,
        )
        admin.execute(
            "update instance set awaiting_answer = false, next_at = now() where instance_id = %s",
            of_it,
        )
        admin.execute("update instance_due set due_at = now() where instance_id = %s", of_it)
    await scheduler.send(await scheduler.claim())
    assert request_ids("older")[-1] == str(older_id)


async def test_an_answer_is_late_only_after_the_broker_has_had_the_request_so_long(
    scheduler, requests, followup_database
):
    (instance,) = await scheduler.start("silent")
    await scheduler.send(await scheduler.claim())

    def sql(query, *values):
        with psycopg.connect(followup_database.admin_url, autocommit=True) as admin:
            cursor = admin.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    async def look_again():
        sql("update instance set next_at = now() where instance_id = %s", instance.instance_id)
        sql("update instance_due set due_at = now() where instance_id = %s", instance.instance_id)
        await scheduler.send(await scheduler.claim())
        return sql(
            "select state, reason, next_at > now() from instance where instance_id = %s",
            instance.instance_id,
        )

    assert await look_again() == [("active", None, True)]
    sql("update outbox set published_at = now() - interval '14 minutes' where published_at is null")
    assert await look_again() == [("active", None, True)]
    sql("update outbox set published_at = now() - interval '16 minutes'")
    ((state, reason, _),) = await look_again()
    assert (state, reason) == ("paused", "outcome-unknown")
    assert requests()["silent", 1, 1] == 1


async def test_what_was_missed_by_day_is_not_sent_by_night(scheduler, requests, followup_database):
    tomorrow = list(Weekday)[(utc_now() + timedelta(days=1)).weekday()]
    window = SendWindow(days=(tomorrow,), opens=0, closes=24 * 60)
    (instance,) = await scheduler.start("nightly", window=window)
    with psycopg.connect(followup_database.admin_url, autocommit=True) as admin:
        admin.execute("update instance set next_at = now() where lead_id = 'nightly'")
        admin.execute(
            "update instance_due set due_at = now() where instance_id = %s", [instance.instance_id]
        )
        await scheduler.send(await scheduler.claim())
        ((next_at,),) = admin.execute("select next_at from instance where lead_id = 'nightly'")
    assert requests()["nightly", 1, 1] == 0
    assert list(Weekday)[next_at.weekday()] == tomorrow


async def test_nobody_is_started_in_a_sequence_that_is_being_deleted(scheduler):
    (instance,) = await scheduler.start("first")
    started = asyncio.Event()

    async def start_another():
        async with scheduler.store.workspace(WORKSPACE) as session:
            started.set()
            await sequences.lock_shared(session, instance.sequence_id)

    async with scheduler.store.workspace(WORKSPACE) as session:
        sequence = await sequences.lock(session, instance.sequence_id)
        await delete_sequence(session, sequence, by="tester", stop_instances=True)
        starting = asyncio.create_task(start_another())
        await started.wait()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await asyncio.shield(starting)
    with pytest.raises(SequenceNotFoundError):
        await starting


async def test_no_sequence_is_deleted_while_a_lead_is_started_in_it(scheduler):
    (instance,) = await scheduler.start("first")

    async def delete():
        async with scheduler.store.workspace(WORKSPACE) as session:
            sequence = await sequences.lock(session, instance.sequence_id)
            await delete_sequence(session, sequence, by="tester", stop_instances=True)

    async with scheduler.store.workspace(WORKSPACE) as session:
        sequence = await sequences.lock_shared(session, instance.sequence_id)
        deleting = asyncio.create_task(delete())
        (second,), _ = await start_instances(
            session,
            sequence,
            [LeadToStart(lead_id="second", campaign_id=None)],
            by="tester",
            skip_unavailable=False,
        )
    await deleting
    async with scheduler.store.workspace(WORKSPACE) as session:
        (found,) = await instances.lock_all(session, [second.instance_id])
    assert (found.state, found.reason) == (State.STOPPED, Reason.SEQUENCE_DELETED)


async def test_what_is_told_of_a_lead_twice_in_a_batch_is_kept_in_order(scheduler):
    early = utc_now()
    both, other = LeadKey(WORKSPACE, "both"), LeadKey(WORKSPACE, "other")

    def told(key, at, campaign_id=None, **fields):
        return LeadUpdate(key=key, fields=fields, at=at, campaign_id=campaign_id)

    async with scheduler.store.worker() as session:
        await leads.lock_all(session, [both, other])
        await leads.update_all(
            session,
            [
                told(both, early, first_name="Bo", company="Acme"),
                told(other, early, first_name="Cy"),
                told(both, early + timedelta(seconds=1), "spring", first_name="Bob"),
            ],
        )
        known = await leads.get_all(session, [both, other])
    assert known[both].profile == {"first_name": "Bob", "company": "Acme"}
    assert known[both].campaign_id == "spring"
    assert known[other].profile == {"first_name": "Cy"}


async def test_a_missing_setting_pauses_nobody_while_the_personas_may_be_old(
    scheduler, requests, fresh_nats, tmp_path, followup_database
):
    path = tmp_path / "personas"
    opened = await nats_client.connect(fresh_nats.url)
    await apply_streams(opened.jetstream())
    await opened.close()
    async with Roster(fresh_nats.url, snapshot_path=path):
        pass  # leaves a snapshot from before there was a persona
    await asyncio.to_thread(fresh_nats.stop)
    (instance,) = await scheduler.start("old-news")
    async with Roster(fresh_nats.url, snapshot_path=path, start_timeout_seconds=0.1) as old:
        assert old.freshness is Freshness.STALE
        outdated = Scheduler(scheduler.store, old)
        await outdated.send(await outdated.claim())
    async with scheduler.store.worker() as session:
        (found,) = await instances.lock_all(session, [instance.instance_id])
    assert (found.state, found.awaiting_answer) == (State.ACTIVE, False)
    assert found.next_at > utc_now()
    with psycopg.connect(followup_database.admin_url, autocommit=True) as admin:
        admin.execute("update instance set next_at = now() where lead_id = 'old-news'")
        admin.execute(
            "update instance_due set due_at = now() where instance_id = %s", [instance.instance_id]
        )
    await scheduler.send(await scheduler.claim())
    assert requests()["old-news", 1, 1] == 1
