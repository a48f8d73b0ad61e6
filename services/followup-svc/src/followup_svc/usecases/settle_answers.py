"""Settle requested steps by the CRM's answers, however late, often and out of order they come."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from persona_contracts import (
    FollowupCompletedV1,
    FollowupStoppedV1,
    MessageFailedV1,
    MessageSentV1,
    Received,
)
from service_kit.errors import NotFoundError
from service_kit.outbox import publish
from service_kit.store import Session

from followup_svc.adapters import instances, steps
from followup_svc.adapters.instances import Note
from followup_svc.adapters.sequences import SequenceVersions
from followup_svc.adapters.steps import Answer, Requested
from followup_svc.domain.instance import MAX_ATTEMPTS, Instance, Reason, State, StepStatus
from followup_svc.usecases.situation import Situation

CRM = "crm"


class RequestUnknownError(NotFoundError):
    """No step was requested under this id."""

    slug = "request-unknown"


@dataclass(slots=True)
class Desk:
    """Requested steps and their instances, locked, with what changes about them."""

    now: datetime
    steps: dict[UUID, Requested]
    found: dict[UUID, Instance]
    situation: Situation

    def calendar_due(self, item: Instance, sent_at: datetime) -> datetime | None:
        """Return when the step after the current one is due; None: there is none."""
        steps = self.situation.sequence(item).steps
        if item.step >= len(steps):
            return None
        return self.situation.calendar(item).due(steps[item.step].delay, sent_at)


async def settle_sent(
    session: Session, batch: Sequence[Received[MessageSentV1]], versions: SequenceVersions
) -> None:
    """Mark steps as sent and plan the next ones; a repeated answer changes nothing.

    Raises:
        RequestUnknownError: this workspace has not requested one of them.
    """
    desk = await _locked(session, [item.event for item in batch], versions)
    answers: list[Answer] = []
    for received in batch:
        event = received.event
        step = desk.steps[UUID(event.request_id)]
        if step.status is StepStatus.SENT or event.attempt > step.attempt:
            continue
        sent_at = _plausible(event.sent_at, step, desk.now)
        answers.append(
            Answer(
                instance_id=step.instance_id,
                number=step.number,
                status=StepStatus.SENT,
                sent_at=sent_at,
                provider_message_id=event.provider_message_id,
            )
        )
        _mark(desk, step, StepStatus.SENT)
        item = desk.found[step.instance_id]
        desk.found[item.instance_id] = item.sent(desk.calendar_due(item, sent_at))
    await _store(session, desk, answers, {})


async def settle_failed(
    session: Session,
    batch: Sequence[Received[MessageFailedV1]],
    versions: SequenceVersions,
    retry_delays: Sequence[float],
) -> None:
    """Plan the next attempt of steps that could not be sent for now; pause for the others.

    Raises:
        RequestUnknownError: this workspace has not requested one of them.
    """
    desk = await _locked(session, [item.event for item in batch], versions)
    answers: list[Answer] = []
    notes: dict[UUID, Note] = {}
    for received in batch:
        event = received.event
        step = desk.steps[UUID(event.request_id)]
        open_for_it = step.status in (StepStatus.REQUESTED, StepStatus.UNKNOWN)
        if not open_for_it or event.attempt != step.attempt:
            continue
        last = event.permanent or step.attempt >= MAX_ATTEMPTS
        status = StepStatus.FAILED if last else StepStatus.WAITING
        answers.append(
            Answer(
                instance_id=step.instance_id,
                number=step.number,
                status=status,
                error=event.error,
                attempt=event.attempt,
            )
        )
        _mark(desk, step, status)
        item = desk.found[step.instance_id]
        delay = None if last else timedelta(seconds=retry_delays[step.attempt - 1])
        after = item.failed(event.error, desk.now + delay if delay is not None else None)
        desk.found[item.instance_id] = after
        if after.reason is Reason.SEND_FAILED:
            notes[item.instance_id] = Note(what="paused", by=CRM, detail=event.error)
    await _store(session, desk, answers, notes)


async def _locked(
    session: Session,
    events: Sequence[MessageSentV1 | MessageFailedV1],
    versions: SequenceVersions,
) -> Desk:
    """Lock the instances first: a step changes only under the lock of its instance."""
    wanted = {_request_id(event.request_id) for event in events}
    found = await steps.requested_as(session, wanted)
    locked = await instances.lock(session, {step.instance_id for step in found.values()})
    asked = dict(await steps.requested_as(session, wanted))
    for event in events:
        step = asked.get(UUID(event.request_id))
        if step is None or step.workspace_id != event.workspace_id:
            raise RequestUnknownError(f"no step was requested as {event.request_id}")
    return Desk(
        now=await instances.present(session),
        steps=asked,
        found={item.instance_id: item for item in locked},
        situation=await Situation.read(session, locked, versions),
    )


def _request_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise RequestUnknownError(f"{text[:80]!r} is not the request_id of a step") from error


def _plausible(sent_at: datetime, step: Requested, now: datetime) -> datetime:
    """Return `sent_at`, but neither before the request nor in the future: clocks differ."""
    return max(min(sent_at, now), step.requested_at or now)


def _mark(desk: Desk, step: Requested, status: StepStatus) -> None:
    """Let the next event of the batch see what this one did."""
    desk.steps[step.request_id] = replace(step, status=status)


async def _store(
    session: Session, desk: Desk, answers: Sequence[Answer], notes: dict[UUID, Note]
) -> None:
    touched = {answer.instance_id for answer in answers}
    changed = [desk.found[instance_id] for instance_id in sorted(touched)]
    await steps.settle(session, answers)
    await instances.save(session, [(item, notes.get(item.instance_id)) for item in changed])
    await publish(session, *ended(changed, desk.now))


def ended(
    changed: Sequence[Instance], now: datetime
) -> list[FollowupCompletedV1 | FollowupStoppedV1]:
    """Return the events of those instances that have just ended."""
    kinds = {State.COMPLETED: FollowupCompletedV1, State.STOPPED: FollowupStoppedV1}
    return [
        kinds[item.state](
            workspace_id=item.workspace_id,
            occurred_at=now,
            instance_id=item.instance_id,
            sequence_id=item.sequence_id,
            lead_id=item.lead_id,
            reason=item.reason or "",
        )
        for item in changed
        if item.state in kinds
    ]
