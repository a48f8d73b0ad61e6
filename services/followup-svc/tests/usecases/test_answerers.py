"""Who answers: programs and mail servers stop no sequence as replied."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from following import a_reply, events
from followup_svc.adapters import followup_settings, instances, leads, suppressions
from followup_svc.domain.followup_settings import DEFAULTS
from followup_svc.domain.instance import Reason, State
from followup_svc.domain.lead import LeadKey, LeadSuppressedError
from followup_svc.domain.sequence import Trigger
from followup_svc.domain.window import SendWindow, Weekday
from followup_svc.usecases.create_sequence import create_sequence
from followup_svc.usecases.postpone_on_auto_reply import postpone_on_auto_reply
from followup_svc.usecases.record_replies import record_replies
from followup_svc.usecases.start_instances import LeadToStart, start_instances
from followup_svc.usecases.start_triggered import start_triggered
from followup_svc.usecases.stop_on_bounce import stop_on_bounce
from followup_svc.usecases.stop_on_reply import stop_on_reply
from persona_contracts import Lead
from service_devkit.testing.rollback import as_worker, published
from service_kit.store import database_now

FOLDER = Path(__file__).resolve().parents[4] / "tests" / "cases"
(CASE,) = (
    case
    for case in json.loads((FOLDER / "cases.json").read_text())
    if case["id"] == "auto-reply-de"
)
AWAY = [
    {"raw_email": (FOLDER / "files" / CASE["file"]).read_text()},
    {"kind": "auto_reply"},
    {"raw_email": "Auto-Submitted: auto-replied\r\nSubject: Re: Hi\r\n\r\nI am away."},
    {"raw_email": "Return-Path: <>\nX-Autoreply: yes\nSubject: Absence\n\nJe suis absent."},
    {"raw_email": "Precedence: auto_reply\nSubject: Fuera de la oficina\n\nVuelvo el lunes."},
]
DSN = """From: MAILER-DAEMON@mx.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your mail could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; lea@lead.example
Action: {action}
Status: {status}
--b--
"""
GONE = [
    {"raw_email": DSN.format(action="failed", status="5.1.1")},
    {"kind": "bounce"},
    {"raw_email": "From: Mail Delivery <MAILER-DAEMON@a.example>\nSubject: x\n\n550 5.1.1 unknown"},
    {"raw_email": "X-Failed-Recipients: lea@lead.example\nSubject: failure\n\n550 No such user"},
]
BUSY = [
    {"raw_email": DSN.format(action="delayed", status="4.4.1")},
    {"raw_email": DSN.format(action="failed", status="4.2.2")},
    {"kind": "bounce", "raw_email": DSN.format(action="delayed", status="4.7.0")},
]


@pytest.fixture
def heard(session, workspace_id, versions, personas):
    """Return a function that handles a message to the lead's mailbox."""

    async def heard(ago=timedelta(0), **values):
        async with as_worker(session):
            at = await database_now(session) - ago
            replies = await record_replies(session, [a_reply(workspace_id, at, **values)])
            await stop_on_reply(session, replies, versions)
            await postpone_on_auto_reply(session, replies, versions)
            await stop_on_bounce(session, replies)
            await start_triggered(session, "lead.replied", replies, personas)

    return heard


async def now_of(session, made):
    return await instances.get(session, made.instance.instance_id)


@pytest.fixture
async def allday(session, workspace_id):
    """Let every step of the workspace go out from 09:00 to 24:00, each day."""
    window = SendWindow(days=tuple(Weekday), opens=9 * 60, closes=24 * 60)
    await followup_settings.save(session, workspace_id, replace(DEFAULTS, send_window=window))


@pytest.mark.usefixtures("allday")
@pytest.mark.parametrize("message", AWAY)
async def test_an_auto_reply_moves_a_step_of_its_day_to_the_next_window(
    session, on_the_way, heard, send, message
):
    made = await on_the_way(send_window="workspace")
    await heard(**message)
    after = await now_of(session, made)
    assert after.state == State.ACTIVE
    assert after.state.value in CASE["expect"]["instance"]
    tomorrow = (await database_now(session)).date() + timedelta(days=1)
    assert (after.next_at.date(), after.next_at.hour) == (tomorrow, 9)
    (entry,) = await instances.timeline(session, after.instance_id)
    assert (entry.note.what, entry.note.detail.split(",")[0]) == ("postponed", "auto-reply")
    await send(after)
    assert events(await published(session), "send_requested") == []


async def test_without_a_window_it_moves_by_a_day(session, on_the_way, heard):
    made = await on_the_way()
    await heard(kind="auto_reply")
    due_at = (await now_of(session, made)).next_at
    assert timedelta(hours=23) < due_at - made.instance.next_at < timedelta(hours=25)


async def test_a_step_of_another_day_keeps_its_time(session, on_the_way, heard):
    made = await on_the_way()
    await heard(timedelta(days=1, minutes=1), kind="auto_reply")
    assert (await now_of(session, made)).next_at == made.instance.next_at


async def test_a_workspace_may_choose_that_nothing_moves(session, workspace_id, on_the_way, heard):
    chosen = replace(DEFAULTS, postpone_on_auto_reply=False)
    await followup_settings.save(session, workspace_id, chosen)
    assert await followup_settings.get(session, workspace_id) == chosen
    made = await on_the_way()
    await heard(kind="auto_reply")
    assert (await now_of(session, made)).next_at == made.instance.next_at


@pytest.mark.parametrize("message", [*AWAY, *GONE, *BUSY])
async def test_what_nobody_wrote_starts_nothing_and_is_answered_by_no_step(
    session, workspace_id, a_definition, heard, message
):
    triggered = a_definition(trigger=Trigger(event="lead.replied"))
    await create_sequence(session, workspace_id, triggered, by="ann")
    await heard(**message)
    assert await instances.page(session, {}, None, None, 9) == []
    key = LeadKey(workspace_id, "lead")
    assert (await leads.get_all(session, [key]))[key].last_email is None


async def test_a_reply_after_an_auto_reply_is_the_first_one(
    session, workspace_id, a_definition, heard
):
    trigger = Trigger(event="lead.replied", first_reply_only=True)
    await create_sequence(session, workspace_id, a_definition(trigger=trigger), by="ann")
    await heard(kind="auto_reply")
    await heard()
    assert len(await instances.page(session, {}, None, None, 9)) == 1


@pytest.mark.parametrize("message", GONE)
async def test_a_permanent_bounce_stops_the_lead_and_suppresses_its_address(
    session, on_the_way, heard, message
):
    made = await on_the_way()
    await heard(**message, lead={"email": "Lea@lead.example"})
    after = await now_of(session, made)
    assert (after.state, after.reason) == (State.STOPPED, Reason.BOUNCED)
    (stopped,) = events(await published(session), "stopped")
    assert stopped["reason"] == "bounced"
    (listed,) = await suppressions.page(session, None, 9)
    assert (listed.lead_id, listed.addresses) == (None, ("lea@lead.example",))
    again = LeadToStart(lead_id="other", campaign_id=None, lead=Lead(email="lea@lead.example"))
    with pytest.raises(LeadSuppressedError):
        await start_instances(session, made.sequence, [again], by="ann", skip_unavailable=False)
    corrected = replace(again, lead_id="lead", lead=Lead(email="lea@new.example"))
    (started,), _ = await start_instances(
        session, made.sequence, [corrected], by="ann", skip_unavailable=False
    )
    assert started.state is State.ACTIVE


async def test_a_bounce_of_a_lead_without_an_address_suppresses_the_lead(
    session, on_the_way, heard
):
    made = await on_the_way()
    await heard(kind="bounce")
    assert (await now_of(session, made)).reason is Reason.BOUNCED
    (listed,) = await suppressions.page(session, None, 9)
    assert (listed.lead_id, listed.reason) == ("lead", "bounced")


@pytest.mark.parametrize("message", BUSY)
async def test_a_temporary_bounce_changes_nothing(session, on_the_way, heard, message):
    made = await on_the_way()
    await heard(**message, lead={"email": "lea@lead.example"})
    assert await now_of(session, made) == made.instance
    assert await suppressions.page(session, None, 9) == []


async def test_the_crm_knows_better_than_the_mail(session, on_the_way, heard):
    made = await on_the_way()
    await heard(kind="reply", raw_email=AWAY[2]["raw_email"])
    assert (await now_of(session, made)).reason is Reason.REPLIED
