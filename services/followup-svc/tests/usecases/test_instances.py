"""Instances: started, sent, answered, and what people decide about them."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from following import a_reply, events, received
from followup_svc.adapters import instances, send_requests, sequences
from followup_svc.domain.instance import (
    InstanceLiveError,
    InstanceNotFoundError,
    InstanceStateError,
    Reason,
    State,
)
from followup_svc.domain.lead import LeadKey, LeadSuppressedError, SuppressionNotFoundError
from followup_svc.domain.send_request import RequestUnknownError, StepStatus
from followup_svc.domain.sequence import OnReply, Trigger
from followup_svc.usecases.apply_send_results import apply_send_results
from followup_svc.usecases.create_sequence import create_sequence
from followup_svc.usecases.find_notices import find_notices
from followup_svc.usecases.lift_suppression import lift_suppression
from followup_svc.usecases.record_outcomes import record_outcomes
from followup_svc.usecases.record_replies import record_replies
from followup_svc.usecases.resolve_instance import resolve_instance
from followup_svc.usecases.resume_instances import resume_instances
from followup_svc.usecases.resume_paused import resume_paused
from followup_svc.usecases.send_due import SendDue
from followup_svc.usecases.show_instance import show_instance
from followup_svc.usecases.start_instances import LeadToStart, start_instances
from followup_svc.usecases.start_triggered import start_triggered
from followup_svc.usecases.stop_instance import stop_instance
from followup_svc.usecases.stop_on_reply import stop_on_reply
from followup_svc.usecases.suppress_leads import suppress_leads
from persona_contracts import (
    LeadOutcomeV1,
    MessageFailedV1,
    MessageSentV1,
)
from service_devkit.testing.rollback import as_worker, correlations, published
from service_kit.store import database_now
from sqlalchemy import text

RETRY_DELAYS = (60.0, 300.0)


@pytest.fixture
def answer(session, workspace_id, versions):
    """Return a function that applies an answer of the CRM."""

    async def answer(request, *, error=None, permanent=False, attempt=None):
        known = {
            "workspace_id": workspace_id,
            "request_id": str(request.request_id),
            "attempt": attempt or request.attempt,
        }
        made = (
            MessageSentV1(**known, sent_at=await database_now(session))
            if error is None
            else MessageFailedV1(**known, error=error, permanent=permanent)
        )
        await apply_send_results(session, [made], versions, RETRY_DELAYS)

    return answer


async def request_of(session, instance):
    return (await send_requests.of_instance(session, instance.instance_id))[-1]


async def current(session, instance):
    return await instances.get(session, instance.instance_id)


async def test_a_lead_is_on_its_way_once(session, on_the_way):
    made = await on_the_way()
    chosen = [LeadToStart(lead_id=lead_id, campaign_id=None) for lead_id in ("lead", "other")]
    with pytest.raises(InstanceLiveError, match=r"leads\.0\.lead_id"):
        await start_instances(session, made.sequence, chosen, by="ann", skip_unavailable=False)
    chosen = [LeadToStart(lead_id=lead_id, campaign_id=None) for lead_id in ("lead", "third")]
    (third,), (skipped,) = await start_instances(
        session, made.sequence, chosen, by="ann", skip_unavailable=True
    )
    assert (third.lead_id, third.started_by) == ("third", "ann")
    assert (skipped.lead_id, skipped.reason) == ("lead", "instance-live")


async def test_a_suppressed_lead_is_not_started_until_it_is_off_the_list(
    session, workspace_id, on_the_way
):
    made = await on_the_way()
    key = LeadKey(workspace_id, "lead")
    (suppression,) = await suppress_leads(session, [key], reason="asked", by="ann")
    stopped = await current(session, made.instance)
    assert (stopped.state, stopped.reason) == (State.STOPPED, Reason.UNSUBSCRIBED)
    (again,) = await suppress_leads(session, [key], reason="twice", by="ben")
    assert again == suppression
    chosen = [LeadToStart(lead_id="lead", campaign_id=None)]
    with pytest.raises(LeadSuppressedError):
        await start_instances(session, made.sequence, chosen, by="ann", skip_unavailable=False)
    await lift_suppression(session, suppression.suppression_id, reason="asked", by="ann")
    with pytest.raises(SuppressionNotFoundError):
        await lift_suppression(session, suppression.suppression_id, reason="asked", by="ann")
    (started,), _ = await start_instances(
        session, made.sequence, chosen, by="ann", skip_unavailable=False
    )
    assert started.state is State.ACTIVE


async def test_a_step_is_requested_answered_and_followed_by_the_next(
    session, on_the_way, send, answer
):
    made = await on_the_way("One.", "Two.")
    await send(made.instance)
    request = await request_of(session, made.instance)
    assert request.request_id == made.instance.request_id
    assert (request.status, request.attempt) == (StepStatus.REQUESTED, 1)
    await answer(request)
    await answer(request)
    await send(await current(session, made.instance))
    await answer(await request_of(session, made.instance))
    done = await current(session, made.instance)
    assert (done.state, done.reason) == (State.COMPLETED, Reason.ALL_SENT)
    found = await published(session)
    assert [event["step"] for event in events(found, "send_requested")] == [1, 2]
    assert len(events(found, "completed")) == 1


async def test_an_answer_to_another_workspaces_request_is_refused(
    session, workspace_id, versions, on_the_way, send
):
    made = await on_the_way()
    await send(made.instance)
    request = await request_of(session, made.instance)
    for foreign in (
        {"workspace_id": "stranger", "request_id": str(request.request_id)},
        {"workspace_id": workspace_id, "request_id": str(uuid4())},
        {"workspace_id": workspace_id, "request_id": "not ours"},
    ):
        event = MessageSentV1(**foreign, attempt=1, sent_at=await database_now(session))
        with pytest.raises(RequestUnknownError):
            await apply_send_results(session, [event], versions, RETRY_DELAYS)


async def test_failures_for_now_wait_and_the_last_one_pauses(session, on_the_way, send, answer):
    made = await on_the_way()
    await send(made.instance)
    for attempt, delay in ((1, 60), (2, 300)):
        request = await request_of(session, made.instance)
        await answer(request, error=f"busy {attempt}")
        waiting = await current(session, made.instance)
        assert waiting.next_at > await database_now(session) + timedelta(seconds=delay - 10)
        await make_due(session, made.instance)
        await send(made.instance)
    request = await request_of(session, made.instance)
    assert request.attempt == 3
    await answer(request, error="busy 1", attempt=1)
    assert (await current(session, made.instance)).state is State.ACTIVE
    await answer(request, error="busy 3")
    paused = await current(session, made.instance)
    assert (paused.reason, paused.detail) == (Reason.SEND_FAILED, "busy 3")
    request = await request_of(session, made.instance)
    assert [failure.error for failure in request.failures] == ["busy 1", "busy 2", "busy 3"]
    await answer(request)
    assert (await current(session, made.instance)).state is State.COMPLETED


async def make_due(session, instance):
    async with as_worker(session):
        await session.execute(
            text("update instance set next_at = now() where instance_id = :id"),
            {"id": instance.instance_id},
        )


async def test_a_missing_value_pauses_and_the_fix_lets_all_go_on(
    session, on_the_way, send, personas, versions
):
    personas.default = personas.default.model_copy(update={"goals": None})
    made = await on_the_way("{goals}")
    await send(made.instance)
    paused = await current(session, made.instance)
    assert paused.codes == ("missing_value:{goals}",)
    (blocked,) = events(await published(session), "blocked")
    assert blocked["setup_issue"] is True
    assert await resume_paused(session, "missing_value:{x}", None, versions, by="ann") == 0
    sequence_id = made.sequence.sequence_id
    assert await resume_paused(session, paused.codes[0], sequence_id, versions, by="ann") == 1
    resumed = await current(session, made.instance)
    assert (resumed.state, resumed.codes) == (State.ACTIVE, ())
    with pytest.raises(InstanceStateError):
        await resume_instances(session, [resumed], versions, by="ann")


@pytest.mark.parametrize(
    ("decision", "becomes"),
    [
        ("sent", (StepStatus.SENT, State.COMPLETED)),
        ("resend", (StepStatus.WAITING, State.ACTIVE)),
    ],
)
async def test_an_unknown_outcome_is_resolved_by_a_person(
    session, on_the_way, send, versions, decision, becomes
):
    made = await on_the_way()
    await send(made.instance)
    with pytest.raises(InstanceStateError):
        await resolve_instance(
            session, await current(session, made.instance), decision, versions, by="ann"
        )
    async with as_worker(session):
        await session.execute(
            text("update outbox set published_at = now() - interval '16 minutes'")
        )
    await make_due(session, made.instance)
    await send(made.instance)
    unknown = await current(session, made.instance)
    assert unknown.is_unknown
    with pytest.raises(InstanceStateError):
        await resume_instances(session, [unknown], versions, by="ann")
    resolved = await resolve_instance(session, unknown, decision, versions, by="ann")
    assert resolved == await current(session, made.instance)
    request = await request_of(session, made.instance)
    assert (request.status, resolved.state) == becomes
    shown = await show_instance(session, resolved, versions)
    assert [entry.note.what for entry in shown.timeline] == [
        "outcome unknown",
        f"resolved as {decision}",
    ]


async def test_a_stopped_instance_is_not_stopped_again(session, on_the_way):
    made = await on_the_way()
    stopped = await stop_instance(session, made.instance, by="ann")
    assert stopped.ended_at is not None
    assert stopped == await current(session, made.instance)
    with pytest.raises(InstanceStateError):
        await stop_instance(session, stopped, by="ann")
    (event,) = events(await published(session), "stopped")
    assert event["reason"] == "by-person"


async def test_an_unknown_instance_is_not_found(session):
    for look in (instances.get, instances.lock):
        with pytest.raises(InstanceNotFoundError):
            await look(session, UUID(int=7))


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, State.STOPPED),
        ({"on_reply": OnReply.PAUSE}, State.PAUSED),
        ({"stop_on_reply": False}, State.ACTIVE),
    ],
)
async def test_a_reply_stops_pauses_or_changes_nothing(
    session, workspace_id, on_the_way, versions, values, state
):
    made = await on_the_way(**values)
    reply = a_reply(workspace_id, await database_now(session))
    async with as_worker(session):
        replies = await record_replies(session, [reply])
        await stop_on_reply(session, replies, versions)
    assert (await current(session, made.instance)).state is state


async def test_a_reply_from_before_the_start_and_a_repeated_one_stop_nothing(
    session, workspace_id, on_the_way, versions
):
    repeated = a_reply(workspace_id, await database_now(session))
    async with as_worker(session):
        await record_replies(session, [repeated])
    made = await on_the_way()
    async with as_worker(session):
        (reply,) = await record_replies(session, [repeated])
        assert reply.is_repeat
        await stop_on_reply(session, [reply], versions)
        # Older than the newest: only that one has the leeway for a clock that is behind.
        early = a_reply(workspace_id, repeated.event.received_at - timedelta(seconds=1))
        await stop_on_reply(session, await record_replies(session, [early]), versions)
    assert (await current(session, made.instance)).state is State.ACTIVE


@pytest.fixture
def started_by(session, workspace_id, personas, a_definition):
    """Return a function: which leads replies start, in a sequence with a trigger."""

    async def started_by(trigger, *replies):
        sequence = await create_sequence(
            session, workspace_id, a_definition(trigger=trigger), by="ann"
        )
        async with as_worker(session):
            recorded = await record_replies(session, replies)
            await start_triggered(session, "lead.replied", recorded, personas)
        filters = {"sequence_id": sequence.sequence_id}
        return [item.lead_id for item in await instances.page(session, filters, None, None, 10)]

    return started_by


async def test_a_reply_starts_a_sequence_once(session, workspace_id, started_by):
    later = await database_now(session) + timedelta(minutes=1)
    reply = a_reply(workspace_id, later)
    trigger = Trigger(event="lead.replied")
    assert await started_by(trigger, reply, reply) == ["lead"]


@pytest.mark.parametrize(
    ("filters", "starts"),
    [
        ({"campaign_ids": ("spring",)}, True),
        ({"campaign_ids": ("autumn",)}, False),
        ({"first_reply_only": True}, True),
        ({"persona_id": UUID(int=3)}, False),
    ],
)
async def test_a_trigger_starts_only_what_passes_its_filters(
    session, workspace_id, started_by, filters, starts
):
    later = await database_now(session) + timedelta(minutes=1)
    reply = a_reply(workspace_id, later, campaign_id="spring")
    trigger = Trigger(event="lead.replied", **filters)
    found = await started_by(trigger, reply)
    assert found == (["lead"] if starts else [])


async def test_a_reply_from_before_the_trigger_or_of_a_suppressed_lead_starts_nothing(
    session, workspace_id, started_by
):
    now = await database_now(session)
    early = a_reply(workspace_id, now - timedelta(minutes=1))
    await suppress_leads(session, [LeadKey(workspace_id, "gone")], reason="asked", by="ann")
    suppressed = a_reply(workspace_id, now + timedelta(minutes=1), lead_id="gone")
    trigger = Trigger(event="lead.replied")
    assert await started_by(trigger, early, suppressed) == []


async def test_an_outcome_starts_what_waits_for_it_and_an_unsubscription_stops_all(
    session, workspace_id, personas, on_the_way, a_definition
):
    made = await on_the_way(name="Running")
    trigger = Trigger(event="lead.outcome", outcomes=("meeting_booked",))
    waiting = await create_sequence(
        session, workspace_id, a_definition(name="After", trigger=trigger), by="ann"
    )
    later = await database_now(session) + timedelta(minutes=1)

    def outcome(lead_id, name):
        event = LeadOutcomeV1(
            workspace_id=workspace_id, lead_id=lead_id, outcome=name, occurred_at=later
        )
        return received(event)

    async with as_worker(session):
        recorded = await record_outcomes(
            session, [outcome("booker", "meeting_booked"), outcome("lead", "unsubscribed")]
        )
        await start_triggered(session, "lead.outcome", recorded, personas)
    found = await instances.page(session, {"sequence_id": waiting.sequence_id}, None, None, 10)
    assert [item.lead_id for item in found] == ["booker"]
    assert (await current(session, made.instance)).reason is Reason.UNSUBSCRIBED


async def test_instances_finish_on_the_version_that_they_began_with(session, on_the_way, versions):
    made = await on_the_way("Old.")
    shown = await show_instance(session, made.instance, versions)
    assert shown.definition == (await sequences.get(session, made.sequence.sequence_id)).definition
    assert made.instance.version_key == (made.sequence.sequence_id, 1)


async def test_work_that_fails_again_and_again_is_paused(session, on_the_way, personas, versions):
    made = await on_the_way()
    async with as_worker(session):
        await SendDue(personas, versions).give_up(session, made.instance.instance_id)
    assert (await current(session, made.instance)).reason is Reason.INTERNAL


async def test_paused_instances_are_a_notice_with_what_mends_them(
    session, on_the_way, send, personas, versions
):
    personas.default = personas.default.model_copy(update={"goals": None})
    assert await find_notices(session) == []
    started = [await on_the_way("About {goals}.", name=f"Sequence {n}") for n in range(2)]
    for each in started:
        await send(each.instance)
    (notice,) = await find_notices(session)
    assert (notice.kind, notice.reason) == ("followups-paused", "missing_value:{goals}")
    assert notice.count == 2
    assert notice.since <= await database_now(session)
    assert "goals" in notice.setting
    assert notice.see == "/api/instances?state=paused&reason=missing_value%3A%7Bgoals%7D"
    await resume_paused(session, notice.reason, None, versions, by="ann")
    assert await find_notices(session) == []


async def test_every_change_of_state_is_an_event_that_says_whose_and_where(
    session, workspace_id, on_the_way, send, personas, versions
):
    personas.default = personas.default.model_copy(update={"goals": None})
    made = await on_the_way("{goals}")
    instance = made.instance
    await send(instance)
    paused = await current(session, instance)
    (resumed,) = await resume_instances(session, [paused], versions, by="ann")
    await stop_instance(session, resumed, by="ann")
    published_events = [(subject.split(".")[1], body) for subject, body in await published(session)]
    expected = {
        "workspace_id": workspace_id,
        "instance_id": str(instance.instance_id),
        "sequence_id": str(made.sequence.sequence_id),
        "lead_id": instance.lead_id,
        "campaign_id": None,
        "channel": "email",
        "step": 1,
    }
    reasons = [(kind, body["reason"]) for kind, body in published_events]
    assert reasons == [
        ("started", "by-person"),
        ("blocked", "template"),
        ("paused", "template"),
        ("resumed", "template"),
        ("stopped", "by-person"),
    ]
    assert all(expected.items() <= body.items() for _, body in published_events)


async def test_what_changes_no_state_is_no_event(session, on_the_way, send):
    made = await on_the_way("Hi.", "And again.")
    await send(made.instance)
    await send(await current(session, made.instance))
    kinds = [subject.split(".")[1] for subject, _ in await published(session)]
    assert kinds == ["started", "send_requested"]


async def test_start_request_and_end_carry_the_correlation_of_the_trigger(
    session, workspace_id, personas, a_definition, send, answer
):
    trigger = Trigger(event="lead.replied")
    await create_sequence(session, workspace_id, a_definition(trigger=trigger), by="ann")
    reply = replace(a_reply(workspace_id, await database_now(session)), correlation_id="order-42")
    async with as_worker(session):
        occurred = await record_replies(session, [reply])
        await start_triggered(session, "lead.replied", occurred, personas)
    (instance,) = await instances.page(session, {"lead_id": "lead"}, None, None, 5)
    await send(instance)
    await answer(await request_of(session, instance))
    verbs = ["started", "send_requested", "completed"]
    assert await correlations(session) == [(verb, "order-42") for verb in verbs]


async def test_what_a_person_starts_has_one_correlation(session, on_the_way, send, answer):
    made = await on_the_way()
    await send(made.instance)
    await answer(await request_of(session, made.instance))
    published_ids = await correlations(session)
    assert {correlation for _, correlation in published_ids} == {str(made.instance.instance_id)}
    assert len(published_ids) == 3
