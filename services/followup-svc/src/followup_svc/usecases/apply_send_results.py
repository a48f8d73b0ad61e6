"""Apply the CRM's answers to requested steps, however late, often and out of order they come."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from persona_contracts import MessageFailedV1, MessageSentV1
from service_kit.store import Session, database_now

from followup_svc.adapters import send_requests
from followup_svc.adapters.sequence_versions import SequenceVersions
from followup_svc.domain.instance import Instance, Note, Reason, SavedInstance
from followup_svc.domain.send_request import (
    RequestUnknownError,
    SendFailed,
    SendRequest,
    SendResult,
    Sent,
)
from followup_svc.domain.sequence import Definition, VersionKey
from followup_svc.usecases.read_context import SendContext, read_context
from followup_svc.usecases.save_instances import save_instances

CRM = "crm"


@dataclass(slots=True)
class LockedRequests:
    """Requests and their instances, with what changes about them."""

    now: datetime
    requests: dict[UUID, SendRequest]
    instances: dict[UUID, Instance]
    definitions: Mapping[VersionKey, Definition]
    context: SendContext
    """Of the instances that have a step after the current one."""

    def next_due(self, instance: Instance, sent_at: datetime) -> datetime | None:
        """Return when the step after the current one is due; None: there is none."""
        following = self.definitions[instance.version_key].steps[instance.step :]
        if not following:
            return None
        return self.context.calendar(instance).due(following[0].delay, sent_at)


async def apply_send_results(
    session: Session,
    answers: Collection[MessageSentV1 | MessageFailedV1],
    versions: SequenceVersions,
    retry_delays: Sequence[float],
) -> None:
    """Plan the next step of what was sent, and the next attempt of what failed for now.

    What failed for good is paused; a repeated answer changes nothing.

    Args:
        session: the open transaction.
        answers: `message.sent` or `message.failed`.
        versions: the definitions by version.
        retry_delays: seconds before the second and the third attempt.

    Raises:
        RequestUnknownError: this workspace has not requested one of them.
    """
    locked = await _lock(session, answers, versions)
    changed: set[UUID] = set()
    notes: dict[UUID, Note] = {}
    for answer in answers:
        request = locked.requests[UUID(answer.request_id)]
        result = _result(answer)
        if not request.accepts(result):
            continue
        changed.add(request.request_id)
        if isinstance(result, Sent):
            _apply_sent(locked, request, result)
            continue
        after = _apply_failed(locked, request, result, retry_delays)
        if after.reason is Reason.SEND_FAILED:
            notes[after.instance_id] = Note(what="paused", by=CRM, detail=result.error)
    await _save(session, locked, changed, notes)


def _apply_sent(locked: LockedRequests, request: SendRequest, result: Sent) -> None:
    sent_at = request.plausible_time(result.at, now=locked.now)
    locked.requests[request.request_id] = request.sent(
        at=sent_at, provider_message_id=result.provider_message_id
    )
    instance = locked.instances[request.instance_id]
    locked.instances[request.instance_id] = instance.sent(
        locked.next_due(instance, sent_at), at=locked.now
    )


def _apply_failed(
    locked: LockedRequests,
    request: SendRequest,
    result: SendFailed,
    retry_delays: Sequence[float],
) -> Instance:
    is_final = result.is_permanent or request.is_last_attempt
    locked.requests[request.request_id] = request.failed(
        result.error, is_final=is_final, at=locked.now
    )
    delay = None if is_final else timedelta(seconds=retry_delays[request.attempt - 1])
    after = locked.instances[request.instance_id].failed(
        result.error, None if delay is None else locked.now + delay
    )
    locked.instances[request.instance_id] = after
    return after


async def _lock(
    session: Session,
    answers: Collection[MessageSentV1 | MessageFailedV1],
    versions: SequenceVersions,
) -> LockedRequests:
    found = await send_requests.lock_all(
        session, {_request_id(answer.request_id) for answer in answers}
    )
    requests = {request.request_id: request for request, _ in found}
    for answer in answers:
        request = requests.get(UUID(answer.request_id))
        if request is None or request.workspace_id != answer.workspace_id:
            raise RequestUnknownError(f"no step was requested as {answer.request_id}")
    instances = {instance.instance_id: instance for _, instance in found}
    definitions = await versions.get_all(
        session, {instance.version_key for instance in instances.values()}
    )
    going_on = [
        instance
        for instance in instances.values()
        if instance.step < len(definitions[instance.version_key].steps)
    ]
    return LockedRequests(
        now=await database_now(session),
        requests=requests,
        instances=instances,
        definitions=definitions,
        context=await read_context(session, going_on, versions),
    )


def _request_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise RequestUnknownError(f"{text[:80]!r} is not the request_id of a step") from error


def _result(answer: MessageSentV1 | MessageFailedV1) -> SendResult:
    if isinstance(answer, MessageSentV1):
        return Sent(
            attempt=answer.attempt,
            at=answer.sent_at,
            provider_message_id=answer.provider_message_id,
        )
    return SendFailed(attempt=answer.attempt, error=answer.error, is_permanent=answer.permanent)


async def _save(
    session: Session,
    locked: LockedRequests,
    changed: Collection[UUID],
    notes: Mapping[UUID, Note],
) -> None:
    requests = [locked.requests[request_id] for request_id in changed]
    instance_ids = sorted({request.instance_id for request in requests})
    await send_requests.save_results(session, requests)
    saved = [
        SavedInstance(instance=locked.instances[instance_id], note=notes.get(instance_id))
        for instance_id in instance_ids
    ]
    await save_instances(session, saved, now=locked.now)
