"""Settle requested steps by the CRM's answers, however late, often and out of order they come."""

from collections.abc import Mapping
from collections.abc import Sequence as Batch
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from persona_contracts import MessageFailedV1, MessageSentV1, Received
from service_kit.errors import NotFoundError
from service_kit.store import Session, database_now

from followup_svc.adapters import steps
from followup_svc.adapters.instances import Note
from followup_svc.adapters.sequences import SequenceVersions
from followup_svc.adapters.steps import Answer, Asked
from followup_svc.domain.instance import MAX_ATTEMPTS, Instance, Reason, StepStatus
from followup_svc.domain.sequence import Sequence, Step
from followup_svc.usecases.situation import Situation
from followup_svc.usecases.store_changes import store_changes

CRM = "crm"


class RequestUnknownError(NotFoundError):
    """No step was requested under this id."""

    slug = "request-unknown"


@dataclass(slots=True)
class Desk:
    """Asked steps and their instances, locked, with what changes about them."""

    now: datetime
    steps: dict[UUID, Asked]
    found: dict[UUID, Instance]
    versions: Mapping[tuple[UUID, int], Sequence]
    situation: Situation

    def next_due(self, item: Instance, sent_at: datetime) -> datetime | None:
        """Return when the step after the current one is due; None: there is none."""
        following = _following(item, self.versions)
        return self.situation.calendar(item).due(following.delay, sent_at) if following else None


async def settle_sent(
    session: Session, batch: Batch[Received[MessageSentV1]], versions: SequenceVersions
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
        desk.found[item.instance_id] = item.sent(desk.next_due(item, sent_at))
    await _store(session, desk, answers, {})


async def settle_failed(
    session: Session,
    batch: Batch[Received[MessageFailedV1]],
    versions: SequenceVersions,
    retry_delays: Batch[float],
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
    events: Batch[MessageSentV1 | MessageFailedV1],
    versions: SequenceVersions,
) -> Desk:
    found = await steps.lock_asked(session, {_request_id(event.request_id) for event in events})
    of = {step.request_id: item for step, item in found}
    for event in events:
        item = of.get(UUID(event.request_id))
        if item is None or item.workspace_id != event.workspace_id:
            raise RequestUnknownError(f"no step was requested as {event.request_id}")
    items = {item.instance_id: item for item in of.values()}
    known = await versions.get(
        session, {(item.sequence_id, item.sequence_version) for item in items.values()}
    )
    go_on = [item for item in items.values() if _following(item, known)]
    return Desk(
        now=await database_now(session),
        steps={step.request_id: step for step, _ in found},
        found=items,
        versions=known,
        situation=await Situation.read(session, go_on, versions),
    )


def _following(item: Instance, versions: Mapping[tuple[UUID, int], Sequence]) -> Step | None:
    steps_of = versions[item.sequence_id, item.sequence_version].steps
    return steps_of[item.step] if item.step < len(steps_of) else None


def _request_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise RequestUnknownError(f"{text[:80]!r} is not the request_id of a step") from error


def _plausible(sent_at: datetime, step: Asked, now: datetime) -> datetime:
    """Return `sent_at`, but neither before the request nor in the future: clocks differ."""
    return max(min(sent_at, now), step.requested_at)


def _mark(desk: Desk, step: Asked, status: StepStatus) -> None:
    """Let the next event of the batch see what this one did."""
    desk.steps[step.request_id] = replace(step, status=status)


async def _store(
    session: Session, desk: Desk, answers: Batch[Answer], notes: dict[UUID, Note]
) -> None:
    touched = {answer.instance_id for answer in answers}
    changed = [desk.found[instance_id] for instance_id in sorted(touched)]
    await steps.settle(session, answers)
    await store_changes(
        session, [(item, notes.get(item.instance_id)) for item in changed], desk.now
    )
