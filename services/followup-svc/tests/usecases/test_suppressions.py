"""Who has unsubscribed is not written to again: by no other id, under no other spelling."""

import json
from pathlib import Path

import pytest
from following import a_reply, events, received
from followup_svc.adapters import instances, suppressions
from followup_svc.domain.instance import Reason, State
from followup_svc.domain.lead import LeadKey, LeadSuppressedError, SuppressionNotFoundError
from followup_svc.domain.sequence import Trigger
from followup_svc.entrypoints.schemas.suppressions import to_csv
from followup_svc.usecases.create_sequence import create_sequence
from followup_svc.usecases.export_suppressions import export_suppressions
from followup_svc.usecases.lift_suppression import lift_suppression
from followup_svc.usecases.record_outcomes import record_outcomes
from followup_svc.usecases.record_replies import record_replies
from followup_svc.usecases.resume_instances import resume_instances
from followup_svc.usecases.start_instances import LeadToStart, start_instances
from followup_svc.usecases.start_triggered import start_triggered
from followup_svc.usecases.suppress_address import suppress_address
from followup_svc.usecases.suppress_leads import suppress_leads
from persona_contracts import Lead, LeadOutcomeV1
from service_devkit.testing.rollback import as_worker, published
from service_kit.store import database_now

CASES = json.loads(
    (Path(__file__).resolve().parents[4] / "tests" / "cases" / "cases.json").read_text()
)
(REIMPORTED,) = (case for case in CASES if case["id"] == "reimported-lead")


@pytest.fixture
async def sequence(session, workspace_id, a_definition):
    return await create_sequence(session, workspace_id, a_definition(), by="ann")


@pytest.fixture
def start(session, sequence):
    """Return a function that starts a lead with an e-mail address."""

    async def start(lead_id, email=None, of=sequence):
        lead = Lead() if email is None else Lead(email=email)
        (instance,), _ = await start_instances(
            session,
            of,
            [LeadToStart(lead_id=lead_id, campaign_id=None, lead=lead)],
            by="ann",
            skip_unavailable=False,
        )
        return instance

    return start


@pytest.fixture
def unsubscribe(session, workspace_id):
    async def unsubscribe(lead_id):
        outcome = LeadOutcomeV1(
            workspace_id=workspace_id,
            lead_id=lead_id,
            outcome="unsubscribed",
            occurred_at=await database_now(session),
        )
        await record_outcomes(session, [received(outcome)])

    return unsubscribe


@pytest.mark.parametrize(
    ("first", "second"),
    [
        REIMPORTED["emails"],
        ("lea@lead.example", "Lea@LEAD.example"),
        ("Lea Weber <lea@lead.example>", "lea@lead.example"),
        ("lea@lead.example", " mailto:lea@lead.example"),
    ],
)
async def test_a_lead_that_is_imported_again_is_not_started(
    session, start, unsubscribe, first, second
):
    await start("lead-1", first)
    await unsubscribe("lead-1")
    with pytest.raises(LeadSuppressedError):
        await start("lead-2", second)
    assert events(await published(session), "send_requested") == []
    await start("lead-3", "other@lead.example")


async def test_whoever_has_the_address_is_stopped_at_once(session, start, unsubscribe):
    await start("lead-1", "lea@lead.example")
    twin = await start("lead-2", "LEA@lead.example")
    other = await start("lead-3", "leo@lead.example")
    await unsubscribe("lead-1")
    stopped = await instances.get(session, twin.instance_id)
    assert (stopped.state, stopped.reason) == (State.STOPPED, Reason.UNSUBSCRIBED)
    assert (await instances.get(session, other.instance_id)).state is State.ACTIVE


async def test_an_address_that_comes_later_stops_the_step(
    session, workspace_id, start, unsubscribe, send
):
    await start("lead-1", "lea@lead.example")
    twin = await start("lead-2")
    await unsubscribe("lead-1")
    at = await database_now(session)
    told = a_reply(workspace_id, at, "lead-2", lead={"email": "lea@lead.example"})
    await record_replies(session, [told])
    await send(twin)
    stopped = await instances.get(session, twin.instance_id)
    assert (stopped.state, stopped.reason) == (State.STOPPED, Reason.UNSUBSCRIBED)
    found = await published(session)
    assert events(found, "send_requested") == []
    assert {event["lead_id"] for event in events(found, "stopped")} == {"lead-1", "lead-2"}
    (note,) = await instances.timeline(session, twin.instance_id)
    assert "suppression list" in note.note.detail


async def test_an_address_that_is_learnt_after_the_unsubscription_counts(
    session, workspace_id, start, unsubscribe
):
    await unsubscribe("lead-1")
    at = await database_now(session)
    for email in ("lea@lead.example", "lea@private.example"):
        told = a_reply(workspace_id, at, "lead-1", lead={"email": email})
        await record_replies(session, [told])
    for number, email in enumerate(("lea@lead.example", "lea@private.example")):
        with pytest.raises(LeadSuppressedError):
            await start(f"twin-{number}", email)


async def test_a_trigger_starts_nothing_for_a_suppressed_address(
    session, workspace_id, a_definition, personas
):
    await suppress_address(session, workspace_id, "lea@lead.example", reason="asked", by="ann")
    triggered = a_definition(name="Triggered", trigger=Trigger(event="lead.replied"))
    await create_sequence(session, workspace_id, triggered, by="ann")
    at = await database_now(session)
    reply = a_reply(workspace_id, at, "lead-2", lead={"email": "LEA@lead.example"})
    replies = await record_replies(session, [reply])
    await start_triggered(session, "lead.replied", replies, personas)
    assert await instances.page(session, {"lead_id": "lead-2"}, None, None, 9) == []


async def test_a_paused_instance_of_a_suppressed_address_sends_nothing_when_it_is_resumed(
    session, workspace_id, on_the_way, versions, send
):
    made = await on_the_way("Hi {firstName}")
    await send(made.instance)
    paused = await instances.get(session, made.instance.instance_id)
    told = a_reply(
        workspace_id, paused.started_at, lead={"email": "a@b.example", "first_name": "A"}
    )
    await suppress_address(session, workspace_id, "a@b.example", reason="asked", by="ann")
    await record_replies(session, [told])
    (resumed,) = await resume_instances(session, [paused], versions, by="ann")
    await send(resumed)
    assert (await instances.get(session, paused.instance_id)).reason is Reason.UNSUBSCRIBED
    assert events(await published(session), "send_requested") == []


async def test_an_address_is_suppressed_once_and_stops_what_is_on_its_way(
    session, workspace_id, start
):
    running = await start("lead-1", "Lea@lead.example")
    first, second = [
        await suppress_address(session, workspace_id, "lea@lead.example", reason=reason, by="ann")
        for reason in ("asked", "again")
    ]
    assert (first, first.reason, first.lead_id) == (second, "asked", None)
    assert (await instances.get(session, running.instance_id)).state is State.STOPPED


async def test_only_a_reason_lifts_a_suppression_and_it_is_kept(session, start, unsubscribe):
    await start("lead-1", "lea@lead.example")
    await unsubscribe("lead-1")
    (listed,) = await suppressions.page(session, None, 9, address="lea@lead.example")
    assert (listed.lead_id, listed.addresses) == ("lead-1", ("lea@lead.example",))
    await lift_suppression(session, listed.suppression_id, reason="signed up again", by="ann")
    await start("lead-2", "lea@lead.example")
    await start("lead-1")
    (lifted,) = await suppressions.page_of_lifted(session, None, 9)
    assert lifted.suppression == listed
    assert (lifted.reason, lifted.lifted_by) == ("signed up again", "ann")
    with pytest.raises(SuppressionNotFoundError):
        await lift_suppression(session, listed.suppression_id, reason="once more", by="ann")
    await unsubscribe("lead-1")
    with pytest.raises(LeadSuppressedError):
        await start("lead-3", "lea@lead.example")


async def test_another_workspace_writes_to_whom_it_likes(session, start):
    async with as_worker(session):
        await suppress_leads(session, [LeadKey("stranger", "lead-1")], reason="asked", by="ann")
        await suppress_address(session, "stranger", "lea@lead.example", reason="asked", by="ann")
    await start("lead-1", "lea@lead.example")


async def test_the_whole_list_is_exported_and_no_cell_is_a_formula(session, workspace_id):
    keys = [LeadKey(workspace_id, f"lead-{number}") for number in range(3)]
    await suppress_leads(session, keys, reason='=HYPERLINK("x")', by="ann")
    await suppress_address(session, workspace_id, "lea@lead.example", reason="a, b", by="ann")
    lines = to_csv(await export_suppressions(session)).splitlines()
    assert lines[0] == "suppression_id,lead_id,addresses,reason,created_by,created_at"
    assert len(lines) == 5
    assert ',,lea@lead.example,"a, b",ann,' in lines[1]
    assert all("\"'=HYPERLINK" in line for line in lines[2:])
