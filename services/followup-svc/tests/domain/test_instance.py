"""Whatever happens to an instance, in any order: no step is requested twice unasked (I5)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from followup_svc.domain.instance import Instance, InstanceStateError, Reason, State
from followup_svc.domain.send_request import MAX_ATTEMPTS
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
STEPS = 3
MINUTE = timedelta(minutes=1)


def new():
    return Instance(
        instance_id=UUID(int=1),
        workspace_id="w",
        sequence_id=UUID(int=2),
        sequence_version=1,
        lead_id="lead",
        campaign_id=None,
        state=State.ACTIVE,
        step=1,
        awaiting_answer=False,
        next_at=START,
        reason=None,
        detail=None,
        codes=(),
        started_by="tester",
        started_at=START,
    )


class OneInstance(RuleBasedStateMachine):
    """An instance, its scheduler, a CRM, a lead and a person."""

    def __init__(self):
        super().__init__()
        self.item = new()
        self.now = START
        self.requests = []
        self.attempt = 0
        self.answered = True
        self.sent = []
        self.ended = None

    @rule(minutes=st.integers(0, 60))
    def time_passes(self, minutes):
        self.now += minutes * MINUTE

    @rule()
    def the_scheduler_looks(self):
        if not self.item.is_due(self.now):
            return
        if self.item.awaiting_answer:
            self.item = self.item.paused(Reason.OUTCOME_UNKNOWN, "unknown")
            return
        assert self.item.step not in self.sent
        self.attempt += 1
        self.requests.append((self.item.step, self.attempt))
        self.item = self.item.requested(self.now + 15 * MINUTE)

    @rule()
    def a_template_blocks(self):
        if self.item.is_due(self.now) and not self.item.awaiting_answer:
            self.item = self.item.paused(Reason.TEMPLATE, "no name", ("missing",))

    @precondition(lambda self: self.item.awaiting_answer)
    @rule(wait=st.integers(0, 60))
    def the_crm_sent_it(self, wait):
        self.sent.append(self.item.step)
        more = self.item.step < STEPS
        self.item = self.item.sent(self.now + wait * MINUTE if more else None, at=self.now)
        self.attempt = 0

    @precondition(lambda self: self.item.awaiting_answer)
    @rule(permanent=st.booleans())
    def the_crm_failed(self, permanent):
        last = permanent or self.attempt >= MAX_ATTEMPTS
        self.item = self.item.failed("busy", None if last else self.now + MINUTE)

    @rule()
    def the_lead_replies_to_a_sequence_that_pauses(self):
        if self.item.state is State.ACTIVE:
            self.item = self.item.paused(Reason.REPLIED, "replied")

    @rule()
    def a_person_resumes(self):
        if self.item.state is not State.PAUSED or self.item.is_unknown:
            with pytest.raises(InstanceStateError):
                self.item.resumed(self.now)
            return
        self.item = self.item.resumed(max(self.now, self.item.next_at or self.now))

    @rule(decision=st.sampled_from(["sent", "resend"]))
    def a_person_resolves(self, decision):
        if self.item.state is not State.PAUSED or not self.item.is_unknown:
            with pytest.raises(InstanceStateError):
                self.item.resend(self.now)
        elif decision == "resend":
            self.item = self.item.resend(self.now)
        else:
            self.the_crm_sent_it(1)

    @precondition(lambda self: self.now > START + 300 * MINUTE)
    @rule()
    def a_person_stops(self):
        if self.item.is_live:
            self.item = self.item.stopped(Reason.BY_PERSON, at=self.now)
        else:
            with pytest.raises(InstanceStateError):
                self.item.stopped(Reason.BY_PERSON, at=self.now)

    @invariant()
    def no_attempt_is_requested_twice(self):
        assert len(self.requests) == len(set(self.requests))

    @invariant()
    def steps_are_sent_once_and_in_order(self):
        assert self.sent == list(range(1, len(self.sent) + 1))

    @invariant()
    def an_active_one_has_a_time_and_no_reason(self):
        if self.item.state is State.ACTIVE:
            assert self.item.next_at is not None
            assert self.item.reason is None
        else:
            assert self.item.reason is not None
            assert not self.item.is_due(self.now + timedelta(days=365))
        assert (self.item.ended_at is None) == self.item.is_live

    @invariant()
    def what_has_ended_stays_so(self):
        if self.ended is not None:
            assert self.item.state is self.ended
        if not self.item.is_live:
            self.ended = self.item.state

    @invariant()
    def it_is_complete_when_all_is_sent(self):
        if len(self.sent) == STEPS:
            assert self.item.state in (State.COMPLETED, State.STOPPED)


OneInstance.TestCase.settings = settings(
    max_examples=3 * settings.default.max_examples, stateful_step_count=40
)
test_an_instance_keeps_its_promises = OneInstance.TestCase


def test_a_late_answer_brings_back_what_waited_for_it():
    unknown = new().requested(START).paused(Reason.OUTCOME_UNKNOWN, "?")
    after = unknown.sent(START + MINUTE, at=START)
    assert (after.state, after.step, after.reason) == (State.ACTIVE, 2, None)


def test_an_answer_does_not_bring_back_what_a_reply_has_paused():
    paused = new().requested(START).paused(Reason.REPLIED, "!")
    after = paused.sent(START + MINUTE, at=START)
    assert (after.state, after.step, after.next_at) == (State.PAUSED, 2, START + MINUTE)


def test_a_request_id_is_made_of_instance_and_step_and_never_changes():
    first = new()
    second = first.requested(START).sent(START + MINUTE, at=START)
    assert first.request_id == new().request_id == UUID("b07e966f-2120-53d6-a235-ea7dc2fc898e")
    assert (
        len(
            {
                first.request_id,
                second.request_id,
                replace(first, instance_id=UUID(int=2)).request_id,
            }
        )
        == 3
    )
