"""Send what is due: render, and store the request with its event, in one transaction.

A request is written only under the lock of its instance, after another look at it: what a reply,
a person or another replica has changed since the claim decides (I5).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from persona_client import Freshness, Resolution
from persona_contracts import (
    FollowupBlockedV1,
    FollowupSendRequestedV1,
    OwnEvent,
    TemplateError,
)
from persona_contracts import Resolution as ResolutionDocument
from service_kit.leases import Claims
from service_kit.outbox import published_at
from service_kit.personas import resolve_persona
from service_kit.store import Session, database_now
from structlog import get_logger

from followup_svc.adapters import instances, persona_marks, send_requests, suppressions
from followup_svc.adapters.sequence_versions import SequenceVersions
from followup_svc.domain.instance import Instance, Note, Reason, SavedInstance, zone_note
from followup_svc.domain.message import Blocked, Message, compose
from followup_svc.domain.send_request import SendRequest, StepStatus
from followup_svc.domain.template import is_setup_issue, pause_reason
from followup_svc.usecases.describe_instance import describe_instance
from followup_svc.usecases.describe_states import describe_states
from followup_svc.usecases.pause_instance import pause_instance
from followup_svc.usecases.ports import Personas
from followup_svc.usecases.publish_instances import publish_instances
from followup_svc.usecases.read_context import SendContext, read_context
from followup_svc.usecases.save_instances import save_instances

SERVICE = "followup-svc"
PERSONAS_WAIT = timedelta(seconds=5)
"""How long a step waits that lacks a setting, while the personas known here may be old."""
UNKNOWN_DETAIL = (
    "The CRM has not answered whether step {step} was sent. It is not sent again by itself: look"
    " there, then resolve it as `sent` or `resend`."
)
SUPPRESSED_DETAIL = "The lead, or its e-mail address, is on the suppression list."
INTERNAL_DETAIL = "Step {step} could not be worked on; the service's log has the error."

log = get_logger(__name__)


@dataclass(slots=True)
class _Writing:
    """What a batch is going to store, as of `now`."""

    now: datetime
    context: SendContext
    published: Mapping[UUID, datetime]
    """When the broker had a request, by its event."""
    saved: list[SavedInstance] = field(default_factory=list[SavedInstance])
    stopped: list[SavedInstance] = field(default_factory=list[SavedInstance])
    requests: list[SendRequest] = field(default_factory=list[SendRequest])
    requested: list[FollowupSendRequestedV1] = field(default_factory=list[FollowupSendRequestedV1])
    """The events of `requests`."""
    unanswered: list[SendRequest] = field(default_factory=list[SendRequest])
    blocked: list[OwnEvent] = field(default_factory=list[OwnEvent])
    dangling: list[tuple[Instance, Resolution]] = field(
        default_factory=list[tuple[Instance, Resolution]]
    )
    """Instances whose sequence names a persona that is not known here."""

    def save(self, instance: Instance, note: Note | None = None) -> None:
        """Store an instance with the batch."""
        self.saved.append(SavedInstance(instance=instance, note=note))

    def stop(self, instance: Instance) -> None:
        """End an instance whose lead must not be written to."""
        note = Note(what="stopped", by=SERVICE, detail=SUPPRESSED_DETAIL, step=instance.step)
        ended = instance.stopped(Reason.UNSUBSCRIBED, at=self.now)
        self.stopped.append(SavedInstance(instance=ended, note=note))


class SendDue:
    """Works on claimed instances: sends their step, or sees that its answer is overdue."""

    def __init__(self, personas: Personas, versions: SequenceVersions) -> None:
        self._personas = personas
        self._versions = versions

    def is_ready(self) -> bool:
        """Return whether the personas are known."""
        return self._personas.freshness is not Freshness.NOT_READY

    async def do(self, session: Session, claims: Claims) -> None:
        """Send what is still due of `claims`, and end its leases."""
        held = await instances.lock_claimed(session, claims.item_ids, claims.token)
        if not held:
            return
        now = await database_now(session)
        requests = await send_requests.get_current(session, held)
        writing = _Writing(
            now=now,
            context=await read_context(session, held, self._versions),
            published=await _published(session, held, requests),
        )
        leads = {item.lead_key: writing.context.lead(item) for item in held}
        forbidden = await suppressions.suppressed(session, leads)
        for item in held:
            request = requests.get(item.instance_id)
            if not item.is_due(now):
                writing.save(item)
            elif item.awaiting_answer and request is not None:
                _wait_or_pause(item, request, writing)
            elif item.lead_key in forbidden:
                writing.stop(item)
            else:
                self._send(item, request, writing)
        await _write_dangling(session, writing)
        await _store(session, writing)

    async def give_up(self, session: Session, item_id: UUID) -> None:
        """Pause an instance that makes the work fail; a person may resume it."""
        for item in await instances.lock_all(session, [item_id]):
            detail = INTERNAL_DETAIL.format(step=item.step)
            note = Note(what="paused", by=SERVICE, detail=detail)
            paused = item.paused(Reason.INTERNAL, detail)
            saved = [SavedInstance(instance=paused, note=note)]
            await save_instances(session, saved, now=await database_now(session))

    def _send(self, item: Instance, before: SendRequest | None, writing: _Writing) -> None:
        opens_at = writing.context.calendar(item).next_open(writing.now)
        if opens_at > writing.now:
            writing.save(item.rescheduled(opens_at))
            return
        if before is not None:
            _request(item, before.again(at=writing.now), writing)
            return
        context, step = writing.context, writing.context.current_step(item)
        resolution = resolve_persona(
            self._personas,
            item.workspace_id,
            campaign_id=item.campaign_id,
            sequence_persona_id=context.definition(item).ai_persona_id,
            channel=step.channel,
        )
        if _is_dangling(resolution):
            writing.dangling.append((item, resolution))
        else:
            _write(item, resolution, writing)


def _is_dangling(resolution: Resolution) -> bool:
    """Return whether the sequence names a persona that is not known here."""
    return any(
        skipped.tier == "sequence" and skipped.reason == "DANGLING_REF"
        for skipped in resolution.skipped
    )


async def _write_dangling(session: Session, writing: _Writing) -> None:
    """Pause what waits for a deleted persona; one that is back is known here in a moment."""
    keys = {_persona_key(item, writing) for item, _ in writing.dangling}
    deleted = await persona_marks.deleted(session, keys)
    back = await persona_marks.back(session, keys)
    for item, resolution in writing.dangling:
        key = _persona_key(item, writing)
        if key in deleted:
            writing.saved.append(pause_instance(item, by=SERVICE))
        elif key in back:
            writing.save(item.rescheduled(writing.now + PERSONAS_WAIT))
        else:
            _write(item, resolution, writing)


def _persona_key(item: Instance, writing: _Writing) -> persona_marks.PersonaKey:
    persona_id = writing.context.definition(item).ai_persona_id
    if persona_id is None:
        raise ValueError("a sequence without a persona dangles from none")
    return item.workspace_id, persona_id


def _write(item: Instance, resolution: Resolution, writing: _Writing) -> None:
    context, step = writing.context, writing.context.current_step(item)
    composed = compose(step, context.facts(item, resolution), context.lead(item).last_email)
    if isinstance(composed, Message):
        _request(
            item, _first_attempt(item, step.channel, composed, resolution, writing.now), writing
        )
    elif resolution.freshness is not Freshness.READY and is_setup_issue(composed.template_errors):
        writing.save(item.rescheduled(writing.now + PERSONAS_WAIT))
    else:
        _block(item, composed, writing)


def _first_attempt(
    item: Instance, channel: str, message: Message, resolution: Resolution, now: datetime
) -> SendRequest:
    return SendRequest(
        request_id=item.request_id,
        workspace_id=item.workspace_id,
        instance_id=item.instance_id,
        step=item.step,
        attempt=1,
        status=StepStatus.REQUESTED,
        channel=channel,
        message=message,
        resolution=resolution.as_dict(),
        event_id=None,
        requested_at=now,
    )


def _request(item: Instance, request: SendRequest, writing: _Writing) -> None:
    answer_due_at = writing.now + writing.context.settings(item).answer_timeout
    calendar = writing.context.calendar(item)
    writing.save(item.requested(answer_due_at), zone_note(calendar.warning, item.step))
    writing.requests.append(request)
    writing.requested.append(
        FollowupSendRequestedV1(
            **describe_instance(item, request.channel, at=writing.now),
            request_id=request.request_id,
            attempt=request.attempt,
            subject=request.message.subject,
            text=request.message.text,
            resolution=ResolutionDocument.model_validate(request.resolution),
            in_reply_to=request.message.in_reply_to,
            warnings=[calendar.warning] if calendar.warning else [],
        )
    )


def _block(item: Instance, blocked: Blocked, writing: _Writing) -> None:
    errors = blocked.template_errors
    reason = pause_reason(item.step, errors)
    codes = tuple(dict.fromkeys(error.code for error in errors))
    channel = writing.context.current_step(item).channel
    note = Note(what="blocked", by=SERVICE, detail=reason, step=item.step)
    writing.save(item.paused(Reason.TEMPLATE, reason, codes), note)
    writing.blocked.append(
        FollowupBlockedV1(
            **describe_instance(item, channel, at=writing.now),
            reason=Reason.TEMPLATE,
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


def _wait_or_pause(item: Instance, request: SendRequest, writing: _Writing) -> None:
    """Count the CRM's time from the moment that the broker had the request."""
    event_id = request.event_id
    had_it_at = None if event_id is None else writing.published.get(event_id)
    overdue_at = (had_it_at or writing.now) + writing.context.settings(item).answer_timeout
    if overdue_at > writing.now:
        writing.save(item.rescheduled(overdue_at))
        return
    detail = UNKNOWN_DETAIL.format(step=item.step)
    note = Note(what="outcome unknown", by=SERVICE, detail=detail, step=item.step)
    writing.save(item.paused(Reason.OUTCOME_UNKNOWN, detail), note)
    writing.unanswered.append(request.unanswered())


async def _published(
    session: Session, held: Collection[Instance], requests: Mapping[UUID, SendRequest]
) -> Mapping[UUID, datetime]:
    event_ids = [
        request.event_id
        for item in held
        if item.awaiting_answer and (request := requests.get(item.instance_id)) and request.event_id
    ]
    return await published_at(session, event_ids) if event_ids else {}


async def _store(session: Session, writing: _Writing) -> None:
    changes = await instances.save_all(session, writing.saved)
    states = describe_states(writing.saved, changes, at=writing.now)
    if writing.stopped:
        await save_instances(session, writing.stopped, now=writing.now)
    await send_requests.save_results(session, writing.unanswered)
    event_ids = await publish_instances(
        session,
        [*writing.requested, *writing.blocked, *states],
        of=[item.instance for item in writing.saved],
    )
    published = [
        request.published_as(event_id)
        for request, event_id in zip(writing.requests, event_ids, strict=False)
    ]
    await send_requests.save_all(session, published)
    log.info("due.worked_on", requested=len(published), blocked=len(writing.blocked))
