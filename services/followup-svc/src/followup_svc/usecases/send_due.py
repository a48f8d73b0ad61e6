"""Send what is due: render, and store the request with its event, in one transaction.

A request is written only under the lock of its instance, after another look at it: what a reply,
a person or another replica has changed since the claim decides (I5).
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from persona_client import Freshness, Roster
from persona_contracts import (
    FollowupBlockedV1,
    FollowupSendRequestedV1,
    OwnEvent,
    Resolution,
    TemplateError,
)
from service_kit.leases import Batch
from service_kit.outbox import publish, published_at
from service_kit.store import Session, database_now
from structlog import get_logger

from followup_svc.adapters import instances, steps
from followup_svc.adapters.instances import Change, Note
from followup_svc.adapters.sequences import SequenceVersions
from followup_svc.adapters.steps import Answer, Requested
from followup_svc.domain.instance import Instance, Reason, StepStatus
from followup_svc.domain.message import Blocked, compose
from followup_svc.domain.template import is_setup_issue, pause_reason
from followup_svc.usecases.situation import Situation, speaker_of

SERVICE = "followup-svc"
PERSONAS_WAIT = timedelta(seconds=5)
"""How long a step waits that lacks a setting, while the personas known here may be old."""
UNKNOWN_DETAIL = (
    "The CRM has not said whether step {step} was sent. It is not sent again by itself: look there,"
    " then resolve it as `sent` or `resend`."
)
INTERNAL_DETAIL = "Step {step} could not be worked on; the service's log has the error."

log = get_logger(__name__)


@dataclass(slots=True)
class _Writing:
    """What a batch is going to store."""

    changes: list[Change] = field(default_factory=list[Change])
    steps: list[Requested] = field(default_factory=list[Requested])
    requests: list[FollowupSendRequestedV1] = field(default_factory=list[FollowupSendRequestedV1])
    answers: list[Answer] = field(default_factory=list[Answer])
    others: list[OwnEvent] = field(default_factory=list[OwnEvent])


class SendDue:
    """Works on claimed instances: sends their step, or sees that its answer is overdue."""

    def __init__(self, roster: Roster, versions: SequenceVersions) -> None:
        self._roster = roster
        self._versions = versions

    def is_ready(self) -> bool:
        """Return whether the personas are known."""
        return self._roster.freshness is not Freshness.NOT_READY

    async def do(self, session: Session, batch: Batch) -> None:
        """Send what is still due of `batch`, and end its leases."""
        held = await instances.lock_claimed(session, batch.row_ids, batch.token)
        if not held:
            return
        now = await database_now(session)
        situation = await Situation.read(session, held, self._versions)
        before = await steps.requested(session, {(i.instance_id, i.step) for i in held})
        overdue_ids = [
            step.event_id
            for item in held
            if item.awaiting_answer
            and (step := before.get((item.instance_id, item.step)))
            and step.event_id
        ]
        published = await published_at(session, overdue_ids) if overdue_ids else {}
        writing = _Writing()
        for item in held:
            step = before.get((item.instance_id, item.step))
            if not item.is_due(now):
                writing.changes.append((item, None))
            elif item.awaiting_answer and step is not None:
                _await_or_pause(item, step, published, situation, now, writing)
            else:
                self._send(item, step, situation, now, writing)
        await _store(session, writing)

    async def give_up(self, session: Session, row_id: UUID) -> None:
        """Pause an instance that makes the work fail; a person may resume it."""
        for item in await instances.lock(session, [row_id]):
            detail = INTERNAL_DETAIL.format(step=item.step)
            note = Note(what="paused", by=SERVICE, detail=detail)
            await instances.save(session, [(item.paused(Reason.INTERNAL, detail), note)])

    def _send(
        self,
        item: Instance,
        step_before: Requested | None,
        situation: Situation,
        now: datetime,
        writing: _Writing,
    ) -> None:
        opens_at = situation.calendar(item).next_open(now)
        if opens_at > now:
            writing.changes.append((item.later(opens_at), None))
            return
        if step_before is not None:
            again = replace(step_before, attempt=step_before.attempt + 1)
            _request(item, again, situation, now, writing)
            return
        step = situation.step(item)
        speaker = speaker_of(
            self._roster,
            item.workspace_id,
            campaign_id=item.campaign_id,
            sequence_persona_id=situation.sequence(item).ai_persona_id,
            channel=step.channel,
        )
        composed = compose(step, situation.facts(item, speaker), situation.lead(item).last_email)
        if isinstance(composed, Blocked):
            may_be_old = speaker.freshness is not Freshness.READY
            if may_be_old and is_setup_issue(composed.template_errors):
                writing.changes.append((item.later(now + PERSONAS_WAIT), None))
            else:
                _block(item, composed, now, writing)
            return
        first = Requested(
            instance_id=item.instance_id,
            number=item.step,
            workspace_id=item.workspace_id,
            request_id=item.request_id,
            attempt=1,
            channel=step.channel,
            subject=composed.subject,
            text=composed.text,
            in_reply_to=composed.in_reply_to,
            resolution=speaker.as_dict(),
        )
        _request(item, first, situation, now, writing)


def _request(
    item: Instance, step: Requested, situation: Situation, now: datetime, writing: _Writing
) -> None:
    answer_due_at = now + situation.workspace(item).answer_timeout
    writing.changes.append((item.requested(answer_due_at), None))
    writing.steps.append(step)
    writing.requests.append(
        FollowupSendRequestedV1(
            workspace_id=item.workspace_id,
            occurred_at=now,
            instance_id=item.instance_id,
            request_id=step.request_id,
            attempt=step.attempt,
            sequence_id=item.sequence_id,
            step=item.step,
            lead_id=item.lead_id,
            channel=step.channel,
            subject=step.subject,
            text=step.text,
            resolution=Resolution.model_validate(step.resolution),
            in_reply_to=step.in_reply_to,
        )
    )


def _block(item: Instance, blocked: Blocked, now: datetime, writing: _Writing) -> None:
    errors = blocked.template_errors
    reason = pause_reason(item.step, errors)
    codes = tuple(dict.fromkeys(error.code for error in errors))
    note = Note(what="blocked", by=SERVICE, detail=reason, step=item.step)
    writing.changes.append((item.paused(Reason.TEMPLATE, reason, codes), note))
    writing.others.append(
        FollowupBlockedV1(
            workspace_id=item.workspace_id,
            occurred_at=now,
            instance_id=item.instance_id,
            step=item.step,
            template_errors=[
                TemplateError(
                    type=error.type,
                    token=error.token,
                    source=error.source,
                    hint=error.hint,
                    position=error.position,
                )
                for error in errors
            ],
            pause_reason=reason,
            setup_issue=is_setup_issue(errors),
        )
    )


def _await_or_pause(
    item: Instance,
    step: Requested,
    published: dict[UUID, datetime],
    situation: Situation,
    now: datetime,
    writing: _Writing,
) -> None:
    """The CRM has its time from the moment that the broker has the request."""
    timeout = situation.workspace(item).answer_timeout
    sent_out_at = published.get(step.event_id) if step.event_id else None
    overdue_at = (sent_out_at or now) + timeout
    if overdue_at > now:
        writing.changes.append((item.later(overdue_at), None))
        return
    detail = UNKNOWN_DETAIL.format(step=item.step)
    note = Note(what="outcome unknown", by=SERVICE, detail=detail, step=item.step)
    writing.changes.append((item.paused(Reason.OUTCOME_UNKNOWN, detail), note))
    writing.answers.append(
        Answer(instance_id=item.instance_id, number=item.step, status=StepStatus.UNKNOWN)
    )


async def _store(session: Session, writing: _Writing) -> None:
    await instances.save(session, writing.changes)
    await steps.settle(session, writing.answers)
    event_ids = await publish(session, *writing.requests, *writing.others)
    await steps.request(session, writing.steps, event_ids[: len(writing.steps)])
    log.info("due.worked_on", requested=len(writing.requests), blocked=len(writing.others))
