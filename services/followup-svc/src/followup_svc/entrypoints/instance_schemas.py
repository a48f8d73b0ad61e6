"""What the API takes and gives: instances, suppressions, settings."""

from datetime import datetime, timedelta
from operator import attrgetter
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from persona_contracts import ExternalId, Text
from pydantic import AfterValidator, BaseModel, Field, model_validator
from service_kit.preconditions import etag

from followup_svc.adapters.instances import InstanceRow
from followup_svc.adapters.leads import SuppressionRow
from followup_svc.adapters.steps import StepRow
from followup_svc.adapters.workspaces import ANSWER_TIMEOUT, FollowupSettings
from followup_svc.domain.instance import Reason, State, StepStatus
from followup_svc.domain.sequence import Sequence
from followup_svc.domain.window import OFFICE_HOURS, TimeZoneUnknownError, time_zone
from followup_svc.entrypoints.schemas import Request, StartingLead, WindowDocument
from followup_svc.usecases.start_instances import Skipped
from followup_svc.usecases.steer_instances import Decision

MAX_LEADS = 200
MIN_ANSWER_TIMEOUT = timedelta(seconds=1)
MAX_ANSWER_TIMEOUT = timedelta(days=7)


def _known_zone(name: str) -> str:
    try:
        time_zone(name)
    except TimeZoneUnknownError as error:
        raise ValueError(str(error)) from error
    return name


class Starting(Request):
    """Whom to start."""

    leads: list[StartingLead] = Field(min_length=1, max_length=MAX_LEADS)
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
    def of(cls, row: InstanceRow) -> Self:
        """Return the document of a stored instance."""
        return cls(**_instance_fields(row))


class StepState(BaseModel):
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


class TimelineEntry(BaseModel):
    """Something that happened to an instance."""

    at: datetime
    what: str
    by: str
    step: int | None = None
    detail: str | None = None


class InstanceDetail(InstanceDocument):
    """An instance with its steps, and what happened to it, oldest first."""

    steps: list[StepState]
    timeline: list[TimelineEntry]

    @classmethod
    def whole(
        cls, row: InstanceRow, sequence: Sequence, steps: list[StepRow], now: datetime
    ) -> Self:
        """Return the document of an instance, of its version and of what was requested."""
        by_number = {step.number: step for step in steps}
        shown = [
            _requested(by_number[number])
            if number in by_number
            else _planned(row, number, step.channel, now)
            for number, step in enumerate(sequence.steps, start=1)
        ]
        return cls(**_instance_fields(row), steps=shown, timeline=_timeline(row, steps))


class Started(BaseModel):
    """The new instances, and the leads that were left out."""

    items: list[InstanceDocument]
    skipped: list["SkippedLead"]


class SkippedLead(BaseModel):
    """A lead that was left out."""

    lead_id: str
    reason: str = Field(examples=["lead-suppressed", "instance-live"])

    @classmethod
    def of(cls, skipped: Skipped) -> Self:
        """Return the document of a lead that was left out."""
        return cls(lead_id=skipped.lead_id, reason=skipped.reason)


class Resuming(Request):
    """Which paused instances to resume."""

    reason: str = Field(
        min_length=1,
        max_length=300,
        description="One of their `codes`.",
        examples=["missing_value:{signature}"],
    )
    sequence_id: UUID | None = None


class Resumed(BaseModel):
    """How many instances go on."""

    resumed: int
    more: bool = Field(description="There are more: call it again.")


class Resolving(Request):
    """What became of the step: `sent` goes on with the next, `resend` asks the CRM once more."""

    outcome: Decision


class PauseGroup(BaseModel):
    """A reason, and how many instances are paused for it."""

    reason: str = Field(examples=["missing_value:{signature}"])
    instances: int


class PauseGroups(BaseModel):
    """Every reason that instances are paused for, most frequent first."""

    items: list[PauseGroup]


class Suppressing(Request):
    """Who must not be written to."""

    lead_id: ExternalId
    reason: Text = Field(default="by hand", min_length=1, max_length=500)


class SuppressionDocument(BaseModel):
    """A lead that must not be written to."""

    suppression_id: UUID
    lead_id: str
    reason: str
    created_by: str
    created_at: datetime

    @classmethod
    def of(cls, row: SuppressionRow) -> Self:
        """Return the document of a suppression."""
        return cls(
            suppression_id=row.suppression_id,
            lead_id=row.lead_id,
            reason=row.reason,
            created_by=row.created_by,
            created_at=row.created_at,
        )


class SettingsRequest(Request):
    """How the workspace sends follow-ups."""

    time_zone: Annotated[str, Field(max_length=100), AfterValidator(_known_zone)] = Field(
        default="UTC",
        description="Of leads without one that is known.",
        examples=["Europe/Berlin"],
    )
    send_window: WindowDocument | None = Field(
        default_factory=lambda: WindowDocument.of(OFFICE_HOURS),
        description="When sequences without a window of their own may send; null: always.",
    )
    booking_link: Text | None = Field(default=None, max_length=2_000, pattern=r"^https?://\S+$")
    answer_timeout: timedelta = Field(
        default=ANSWER_TIMEOUT,
        ge=MIN_ANSWER_TIMEOUT,
        le=MAX_ANSWER_TIMEOUT,
        description="After how long without an answer of the CRM the outcome is unknown"
        " (ISO 8601, or seconds).",
        examples=["PT15M"],
    )

    def settings(self) -> FollowupSettings:
        """Return them as the service keeps them."""
        return FollowupSettings(
            time_zone=self.time_zone,
            send_window=self.send_window.window() if self.send_window else None,
            booking_link=self.booking_link,
            answer_timeout=timedelta(seconds=int(self.answer_timeout.total_seconds())),
        )


class SettingsDocument(SettingsRequest):
    """The settings of a workspace; version 0 are the defaults."""

    version: int

    @classmethod
    def of(cls, settings: FollowupSettings) -> Self:
        """Return the document of settings."""
        window = settings.send_window
        return cls(
            time_zone=settings.time_zone,
            send_window=WindowDocument.of(window) if window else None,
            booking_link=settings.booking_link,
            answer_timeout=settings.answer_timeout,
            version=settings.version,
        )

    @property
    def tag(self) -> str:
        """Its ETag."""
        return etag(self.version)


def _instance_fields(row: InstanceRow) -> dict[str, Any]:
    return {
        "instance_id": row.instance_id,
        "sequence_id": row.sequence_id,
        "sequence_version": row.sequence_version,
        "lead_id": row.lead_id,
        "campaign_id": row.campaign_id,
        "state": State(row.state),
        "reason": Reason(row.reason) if row.reason else None,
        "detail": row.detail,
        "codes": row.codes,
        "step": row.step,
        "awaiting_answer": row.awaiting_answer,
        "due_at": row.next_at if row.state == State.ACTIVE else None,
        "started_by": row.started_by,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
    }


def _requested(step: StepRow) -> StepState:
    return StepState(
        step=step.number,
        channel=step.channel,
        status=StepStatus(step.status),
        due_at=None,
        request_id=step.request_id,
        attempt=step.attempt,
        subject=step.subject,
        text=step.text,
        in_reply_to=step.in_reply_to,
        resolution=step.resolution,
        requested_at=step.requested_at,
        sent_at=step.sent_at,
        provider_message_id=step.provider_message_id,
        error=step.error,
    )


def _planned(row: InstanceRow, number: int, channel: str, now: datetime) -> StepState:
    due_at = row.next_at if row.state == State.ACTIVE and number == row.step else None
    return StepState(
        step=number,
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


def _timeline(row: InstanceRow, steps: list[StepRow]) -> list[TimelineEntry]:
    entries = [TimelineEntry(at=row.started_at, what="started", by=row.started_by)]
    entries += [TimelineEntry.model_validate(entry) for entry in row.history]
    resolved = {entry.step for entry in entries if entry.what == "resolved as sent"}
    for step in steps:
        said: list[tuple[Literal["requested", "sent"], datetime | None, str]] = [
            ("requested", step.requested_at, "followup-svc"),
            ("sent", None if step.number in resolved else step.sent_at, "crm"),
        ]
        entries += [
            TimelineEntry(at=at, what=what, by=by, step=step.number)
            for what, at, by in said
            if at is not None
        ]
        entries += [
            TimelineEntry(
                at=failure["at"],
                what=f"attempt {failure['attempt']} failed",
                by="crm",
                step=step.number,
                detail=failure["error"],
            )
            for failure in step.failures
        ]
    return sorted(entries, key=attrgetter("at"))
