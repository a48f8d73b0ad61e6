"""What people do with instances: resume, stop, and decide about an unknown outcome."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from service_kit.store import Session, database_now

from followup_svc.adapters import instances
from followup_svc.adapters import steps as requested_steps
from followup_svc.adapters.instances import Change, Note
from followup_svc.adapters.sequences import SequenceVersions
from followup_svc.adapters.steps import Answer
from followup_svc.domain.instance import Instance, Reason, StepStatus
from followup_svc.usecases.situation import Situation
from followup_svc.usecases.store_changes import store_changes

Decision = Literal["sent", "resend"]
RESUME_LIMIT = 1_000
"""Instances that one call resumes; the answer says whether there are more."""


async def resume(session: Session, instance_id: UUID, versions: SequenceVersions, by: str) -> None:
    """Let a paused instance go on with its current step, not before its time.

    Raises:
        InstanceNotFoundError: this workspace has none with that id.
        InstanceStateError: it is not paused, or must be resolved instead.
    """
    item = await instances.lock_one(session, instance_id)
    await _resume(session, [item], versions, by)


async def resume_all(
    session: Session, code: str, sequence_id: UUID | None, versions: SequenceVersions, by: str
) -> int:
    """Resume up to RESUME_LIMIT instances of the workspace that are paused for `code`.

    Raises:
        InstanceStateError: what is paused for `code` must be resolved one by one.
    """
    found = await instances.lock_paused_for(session, code, sequence_id, RESUME_LIMIT)
    await _resume(session, found, versions, by)
    return len(found)


async def stop(session: Session, instance_id: UUID, by: str) -> None:
    """End an instance before its last step; what is requested already may still go out.

    Raises:
        InstanceNotFoundError: this workspace has none with that id.
        InstanceStateError: it has ended already.
    """
    item = await instances.lock_one(session, instance_id)
    await _stop(session, [item], Reason.BY_PERSON, by)


async def stop_all_of(session: Session, sequence_id: UUID, by: str) -> None:
    """End every live instance of a sequence that is deleted."""
    live = await instances.lock_live_of_sequence(session, sequence_id)
    await _stop(session, live, Reason.SEQUENCE_DELETED, by)


async def resolve(
    session: Session, instance_id: UUID, decision: Decision, versions: SequenceVersions, by: str
) -> None:
    """Settle a step whose outcome nobody knows: it was sent, or it is to be sent again.

    Raises:
        InstanceNotFoundError: this workspace has none with that id.
        InstanceStateError: the outcome is known.
    """
    item = await instances.lock_one(session, instance_id)
    item.require_unknown()
    now = await database_now(session)
    note = Note(what=f"resolved as {decision}", by=by, step=item.step)
    if decision == "resend":
        again = Answer(instance_id=item.instance_id, number=item.step, status=StepStatus.WAITING)
        await requested_steps.settle(session, [again])
        await store_changes(session, [(item.resend(now), note)], now)
        return
    situation = await Situation.read(session, [item], versions)
    steps = situation.sequence(item).steps
    more = item.step < len(steps)
    next_at = situation.calendar(item).due(steps[item.step].delay, now) if more else None
    after = item.sent(next_at)
    answer = Answer(
        instance_id=item.instance_id, number=item.step, status=StepStatus.SENT, sent_at=now
    )
    await requested_steps.settle(session, [answer])
    await store_changes(session, [(after, note)], now)


async def _resume(
    session: Session, found: Sequence[Instance], versions: SequenceVersions, by: str
) -> None:
    now = await database_now(session)
    situation = await Situation.read(session, found, versions)
    changes: list[Change] = [
        (item.resumed(_resume_at(item, situation, now)), Note(what="resumed", by=by))
        for item in found
    ]
    await store_changes(session, changes, now)


def _resume_at(item: Instance, situation: Situation, now: datetime) -> datetime:
    if item.awaiting_answer:
        return now + situation.workspace(item).answer_timeout
    planned = item.next_at or now
    return situation.calendar(item).next_open(max(planned, now))


async def _stop(session: Session, found: Sequence[Instance], reason: Reason, by: str) -> None:
    stopped: list[Change] = [(item.stopped(reason), Note(what="stopped", by=by)) for item in found]
    await store_changes(session, stopped, await database_now(session))
