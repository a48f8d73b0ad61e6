"""What the API takes and gives: instances."""

from collections.abc import Iterator
from datetime import datetime
from operator import attrgetter
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator
from service_kit.requests import StrictRequest

from followup_svc.domain.instance import Instance, Reason, State, TimelineEntry
from followup_svc.domain.send_request import SendRequest, StepStatus
from followup_svc.entrypoints.schemas.leads import LeadRequest
from followup_svc.usecases.apply_send_results import CRM
from followup_svc.usecases.resolve_instance import Decision
from followup_svc.usecases.send_due import SERVICE
from followup_svc.usecases.show_instance import ShownInstance
from followup_svc.usecases.start_instances import SkippedLead

MAX_LEADS = 200


class StartInstancesRequest(StrictRequest):
    """Whom to start."""

    leads: list[LeadRequest] = Field(min_length=1, max_length=MAX_LEADS)
    skip_unavailable: bool = Field(
        default=False,
        description="Leave out leads that are suppressed or on their way already, instead of 409.",
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        seen: set[str] = set()
        for index, lead in enumerate(self.leads):
            if lead.lead_id in seen:
                raise ValueError(f"leads.{index}.lead_id: stands twice in the list")
            seen.add(lead.lead_id)
        return self


class InstanceDocument(BaseModel):
    """One lead's way through one version of a sequence."""

    instance_id: UUID
    sequence_id: UUID
    sequence_version: int
    lead_id: str
    campaign_id: str | None
    state: State
    reason: Reason | None = Field(description="Why it is paused, or ended.")
    detail: str | None = Field(description="The same as a sentence.")
    codes: list[str] = Field(
        description="What paused instances are grouped by, such as `missing_value:{signature}`."
    )
    step: int = Field(description="The current step, from 1.")
    awaiting_answer: bool = Field(description="Requested; the CRM has not answered yet.")
    due_at: datetime | None = Field(
        description="When the step is to be sent; with `awaiting_answer`: when the answer is late."
    )
    started_by: str
    started_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, instance: Instance) -> Self:
        """Return the document of an instance."""
        return cls(**_instance_fields(instance))


class StepStateDocument(BaseModel):
    """Where one step of an instance stands."""

    step: int
    channel: str
    status: StepStatus
    due_at: datetime | None
    request_id: UUID | None
    attempt: int = Field(description="How often it was requested.")
    subject: str | None
    text: str | None
    in_reply_to: str | None
    resolution: dict[str, Any] | None
    requested_at: datetime | None
    sent_at: datetime | None
    provider_message_id: str | None
    error: str | None


class TimelineEntryDocument(BaseModel):
    """Something that happened to an instance."""

    at: datetime
    what: str
    by: str
    step: int | None = None
    detail: str | None = None

    @classmethod
    def of(cls, entry: TimelineEntry) -> Self:
        """Return the document of an entry."""
        note = entry.note
        return cls(at=entry.at, what=note.what, by=note.by, step=note.step, detail=note.detail)


class InstanceDetailDocument(InstanceDocument):
    """An instance with its steps, and what happened to it, oldest first."""

    steps: list[StepStateDocument]
    timeline: list[TimelineEntryDocument]
    warnings: list[str] = Field(description="What is wrong with what is known of the lead.")

    @classmethod
    def whole(cls, shown: ShownInstance, *, now: datetime) -> Self:
        """Return the document of an instance, of what was requested and of what is planned."""
        requests = {request.step: request for request in shown.requests}
        steps = [
            _requested(requests[step])
            if step in requests
            else _planned(shown.instance, step, planned.channel, now)
            for step, planned in enumerate(shown.definition.steps, 1)
        ]
        return cls(
            **_instance_fields(shown.instance),
            steps=steps,
            timeline=_timeline(shown),
            warnings=list(shown.warnings),
        )


class StartedDocument(BaseModel):
    """The new instances, and the leads that were left out."""

    items: list[InstanceDocument]
    skipped: list["SkippedLeadDocument"]


class SkippedLeadDocument(BaseModel):
    """A lead that was left out."""

    lead_id: str
    reason: str = Field(examples=["lead-suppressed", "instance-live"])

    @classmethod
    def of(cls, skipped: SkippedLead) -> Self:
        """Return the document of a lead that was left out."""
        return cls(lead_id=skipped.lead_id, reason=skipped.reason)


class ResumeInstancesRequest(StrictRequest):
    """Which paused instances to resume."""

    reason: str = Field(
        min_length=1,
        max_length=300,
        description="One of their `codes`.",
        examples=["missing_value:{signature}"],
    )
    sequence_id: UUID | None = None


class ResumedDocument(BaseModel):
    """How many instances go on."""

    resumed: int
    more: bool = Field(description="There are more: call it again.")


class ResolveInstanceRequest(StrictRequest):
    """What became of the step: `sent` goes on with the next, `resend` asks the CRM once more."""

    outcome: Decision


class PauseGroupDocument(BaseModel):
    """A reason, and how many instances are paused for it."""

    reason: str = Field(examples=["missing_value:{signature}"])
    instances: int


class PauseGroupsDocument(BaseModel):
    """Every reason that instances are paused for, most frequent first."""

    items: list[PauseGroupDocument]


def _instance_fields(instance: Instance) -> dict[str, Any]:
    return {
        "instance_id": instance.instance_id,
        "sequence_id": instance.sequence_id,
        "sequence_version": instance.sequence_version,
        "lead_id": instance.lead_id,
        "campaign_id": instance.campaign_id,
        "state": instance.state,
        "reason": instance.reason,
        "detail": instance.detail,
        "codes": instance.codes,
        "step": instance.step,
        "awaiting_answer": instance.awaiting_answer,
        "due_at": instance.next_at if instance.state is State.ACTIVE else None,
        "started_by": instance.started_by,
        "started_at": instance.started_at,
        "ended_at": instance.ended_at,
    }


def _requested(request: SendRequest) -> StepStateDocument:
    return StepStateDocument(
        step=request.step,
        channel=request.channel,
        status=request.status,
        due_at=None,
        request_id=request.request_id,
        attempt=request.attempt,
        subject=request.message.subject,
        text=request.message.text,
        in_reply_to=request.message.in_reply_to,
        resolution=dict(request.resolution),
        requested_at=request.requested_at,
        sent_at=request.sent_at,
        provider_message_id=request.provider_message_id,
        error=request.error,
    )


def _planned(instance: Instance, step: int, channel: str, now: datetime) -> StepStateDocument:
    due_at = instance.next_at if instance.state is State.ACTIVE and step == instance.step else None
    return StepStateDocument(
        step=step,
        channel=channel,
        status=StepStatus.DUE if due_at and due_at <= now else StepStatus.WAITING,
        due_at=due_at,
        request_id=None,
        attempt=0,
        subject=None,
        text=None,
        in_reply_to=None,
        resolution=None,
        requested_at=None,
        sent_at=None,
        provider_message_id=None,
        error=None,
    )


def _timeline(shown: ShownInstance) -> list[TimelineEntryDocument]:
    instance = shown.instance
    entries = [
        TimelineEntryDocument(at=instance.started_at, what="started", by=instance.started_by),
        *map(TimelineEntryDocument.of, shown.timeline),
    ]
    resolved = {entry.step for entry in entries if entry.what == "resolved as sent"}
    for request in shown.requests:
        entries += _of_request(request, is_resolved=request.step in resolved)
    return sorted(entries, key=attrgetter("at"))


def _of_request(request: SendRequest, *, is_resolved: bool) -> Iterator[TimelineEntryDocument]:
    yield TimelineEntryDocument(
        at=request.requested_at, what="requested", by=SERVICE, step=request.step
    )
    if request.sent_at is not None and not is_resolved:
        yield TimelineEntryDocument(at=request.sent_at, what="sent", by=CRM, step=request.step)
    for failure in request.failures:
        yield TimelineEntryDocument(
            at=failure.at,
            what=f"attempt {failure.attempt} failed",
            by=CRM,
            step=request.step,
            detail=failure.error,
        )
