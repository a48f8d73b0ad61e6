"""What the API takes and gives: sequences, templates, previews."""

import re
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from persona_contracts import ExternalId, Lead, Outcome, SubjectId, Text
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    Tag,
    model_validator,
)

from followup_svc.adapters.sequences import SequenceRow, SequenceVersionRow
from followup_svc.domain import sequence as domain
from followup_svc.domain.message import Message
from followup_svc.domain.sequence import (
    MAX_BODY_CHARS,
    MAX_DELAY,
    MAX_NAME_CHARS,
    MAX_STEPS,
    MAX_SUBJECT_CHARS,
    Channel,
    OnReply,
    TriggerEvent,
)
from followup_svc.domain.template import ErrorType, TemplateError
from followup_svc.domain.tokens import Token, TokenSource
from followup_svc.domain.window import (
    Delay,
    DelayUnit,
    SendWindow,
    Weekday,
    WindowClosedError,
)
from followup_svc.usecases.preview_sequence import PreviewedStep, Warned

_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"
_HOUR_MINUTE = re.compile(r"(\d\d):(\d\d)")
EXAMPLE_STEPS: list[JsonValue] = [
    {
        "channel": "email",
        "delay": {"amount": 0, "unit": "minutes"},
        "subject": "{company} and bicycles",
        "body": "Hi {firstName|there},\n\nthis is {senderName}. {serviceDescription}",
    },
    {
        "channel": "email",
        "delay": {"amount": 2, "unit": "business_days"},
        "body": "Hi {firstName|there},\n\nshall we talk? {bookingLink}\n\n{signature}",
    },
]


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


Clock = Annotated[str, Field(pattern=_CLOCK, examples=["09:00"])]
Name = Annotated[Text, Field(min_length=1, max_length=MAX_NAME_CHARS), AfterValidator(_not_blank)]
Body = Annotated[Text, Field(min_length=1, max_length=MAX_BODY_CHARS), AfterValidator(_not_blank)]
Subject = Annotated[Text, Field(max_length=MAX_SUBJECT_CHARS)]


class Request(BaseModel):
    """A body of a request: what it does not know is an error."""

    model_config = ConfigDict(extra="forbid")


class WindowDocument(Request):
    """Hours of the week, by the clock on the wall of the lead's time zone, else the workspace's."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True, validate_by_name=True)

    days: list[Weekday] = Field(min_length=1, max_length=7, examples=[["monday", "friday"]])
    opens: Clock = Field(alias="from")
    closes: Clock = Field(alias="to", description="Exclusive; 24:00 is the end of the day.")

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        try:
            self.window()
        except WindowClosedError as error:
            raise ValueError(f"the window is never open: {error}") from error
        return self

    def window(self) -> SendWindow:
        """Return it as the domain sees it."""
        days = tuple(day for day in Weekday if day in self.days)
        return SendWindow(days=days, opens=_minute(self.opens), closes=_minute(self.closes))

    @classmethod
    def of(cls, window: SendWindow) -> Self:
        """Return the document of a window."""
        return cls.model_validate(
            {"days": list(window.days), "from": _clock(window.opens), "to": _clock(window.closes)}
        )


class DelayDocument(Request):
    """How long after the step before was sent; of the first step: after the start."""

    amount: int = Field(ge=0, le=MAX_DELAY)
    unit: DelayUnit


class StepDocument(Request):
    """One message of a sequence."""

    channel: Channel = "email"
    delay: DelayDocument
    subject: Subject | None = Field(
        default=None,
        description="A template. Without one an e-mail goes into the thread of the lead's last.",
    )
    body: Body = Field(description="A template; on e-mail the signature follows by itself.")


class TriggerDocument(Request):
    """Which events start the sequence by themselves, from when the trigger is saved."""

    event: TriggerEvent
    campaign_ids: list[SubjectId] = Field(default=[], max_length=200)
    outcomes: list[Outcome] = Field(default=[], description="Of `lead.outcome`; empty: any.")
    first_reply_only: bool = Field(default=False, description="Of `lead.replied`.")
    persona_id: UUID | None = Field(
        default=None,
        description="Only where this persona answers the lead: on the channel of the reply, or,"
        " for an outcome, of the first step.",
    )

    @model_validator(mode="after")
    def _filters_fit_the_event(self) -> Self:
        if self.event == "lead.replied" and self.outcomes:
            raise ValueError("outcomes: only with the event lead.outcome")
        if self.event == "lead.outcome" and self.first_reply_only:
            raise ValueError("first_reply_only: only with the event lead.replied")
        if Outcome.UNSUBSCRIBED in self.outcomes:
            raise ValueError("outcomes: nobody is written to who has unsubscribed")
        return self


class SequenceRequest(Request):
    """What a sequence is to say."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "After a demo", "steps": EXAMPLE_STEPS}]},
    )

    name: Name
    ai_persona_id: UUID | None = Field(
        default=None,
        description="Who speaks; null, or one that cannot speak: the campaign's persona, the"
        " default one, the workspace settings.",
    )
    steps: list[StepDocument] = Field(min_length=1, max_length=MAX_STEPS)
    send_window: (
        Annotated[
            Annotated[WindowDocument, Tag("hours")]
            | Annotated[Literal["workspace"], Tag("setting")],
            Discriminator(lambda value: "setting" if isinstance(value, str) else "hours"),
        ]
        | None
    ) = Field(default="workspace", description="`workspace`: its setting; null: always.")
    stop_on_reply: bool = Field(default=True, description="Whether a reply is heeded at all.")
    on_reply: OnReply = OnReply.STOP
    trigger: Annotated[
        Annotated[TriggerDocument, Tag("events")] | Annotated[Literal["manual"], Tag("hand")],
        Discriminator(lambda value: "hand" if isinstance(value, str) else "events"),
    ] = Field(default="manual", description="`manual`: started by hand alone.")

    def sequence(self) -> domain.Sequence:
        """Return it as the domain sees it."""
        window = self.send_window
        return domain.Sequence(
            name=self.name.strip(),
            ai_persona_id=self.ai_persona_id,
            steps=tuple(_step(step) for step in self.steps),
            send_window=window.window() if isinstance(window, WindowDocument) else window,
            stop_on_reply=self.stop_on_reply,
            on_reply=self.on_reply,
            trigger=_trigger(self.trigger) if isinstance(self.trigger, TriggerDocument) else None,
        )

    @classmethod
    def fields_of(cls, sequence: domain.Sequence) -> dict[str, object]:
        """Return the fields of a sequence's document."""
        window = sequence.send_window
        return {
            "name": sequence.name,
            "ai_persona_id": sequence.ai_persona_id,
            "steps": [
                StepDocument(
                    channel=step.channel,
                    delay=DelayDocument(amount=step.delay.amount, unit=step.delay.unit),
                    subject=step.subject,
                    body=step.body,
                )
                for step in sequence.steps
            ],
            "send_window": WindowDocument.of(window) if isinstance(window, SendWindow) else window,
            "stop_on_reply": sequence.stop_on_reply,
            "on_reply": sequence.on_reply,
            "trigger": _trigger_document(sequence.trigger) if sequence.trigger else "manual",
        }


class TemplateErrorDocument(BaseModel):
    """One thing to mend in a template."""

    type: ErrorType
    token: str = Field(examples=["{signature}"])
    source: TokenSource | None = Field(description="Who has the value.")
    hint: str
    position: int = Field(description="Characters of the template before it.")
    setup_issue: bool = Field(description="The persona or the workspace lacks the value.")

    @classmethod
    def of(cls, error: TemplateError) -> Self:
        """Return the document of an error."""
        return cls(
            type=error.type,
            token=error.token,
            source=error.source,
            hint=error.hint,
            position=error.position,
            setup_issue=error.is_setup_issue,
        )


class TemplateWarning(TemplateErrorDocument):
    """A token that has no value today: where it is used, nothing would be sent."""

    field: str = Field(examples=["steps.0.body"])

    @classmethod
    def at(cls, warned: Warned) -> Self:
        """Return the document of a warning."""
        return cls(field=warned.field, **TemplateErrorDocument.of(warned.error).model_dump())


class SequenceDocument(SequenceRequest):
    """A sequence at one of its versions."""

    sequence_id: UUID
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: SequenceRow) -> Self:
        """Return the document of a sequence at its newest version."""
        return cls.model_validate(_sequence_fields(row))


class SavedSequence(SequenceDocument):
    """A sequence that was just saved, and what is missing for it today."""

    warnings: list[TemplateWarning]

    @classmethod
    def saved(cls, row: SequenceRow, warned: list[Warned]) -> Self:
        """Return the document of a sequence with its warnings."""
        warnings = [TemplateWarning.at(item) for item in warned]
        return cls.model_validate({**_sequence_fields(row), "warnings": warnings})


class SequenceVersionDocument(SequenceRequest):
    """What one version of a sequence says."""

    sequence_id: UUID
    version: int
    changed_by: str
    created_at: datetime

    @classmethod
    def of(cls, row: SequenceVersionRow) -> Self:
        """Return the document of a version."""
        return cls.model_validate(
            {
                **cls.fields_of(row.sequence),
                "sequence_id": row.sequence_id,
                "version": row.version,
                "changed_by": row.changed_by,
                "created_at": row.created_at,
            }
        )


class Cloning(Request):
    """What the copy is called."""

    name: Name | None = Field(default=None, description='By default "Copy of …".')


class StartingLead(Request):
    """A lead to start, or to show a preview for."""

    lead_id: ExternalId
    campaign_id: SubjectId | None = None
    lead: Lead = Field(default_factory=Lead, description="What is known; kept for later steps.")


class PreviewRequest(StartingLead):
    """The lead to show the messages for; one that nobody knows may be used."""

    lead_id: ExternalId = "preview"


class PreviewStepDocument(BaseModel):
    """One step for one lead: exactly what would be sent, or why nothing would."""

    step: int
    channel: Channel
    due_at: datetime = Field(description="If it were started now, each step answered at once.")
    ok: bool
    subject: str | None
    text: str | None
    in_reply_to: str | None
    template_errors: list[TemplateErrorDocument]
    resolution: dict[str, object] = Field(description="Which persona speaks, from which tier.")

    @classmethod
    def of(cls, number: int, shown: PreviewedStep) -> Self:
        """Return the document of a previewed step."""
        message = shown.outcome if isinstance(shown.outcome, Message) else None
        errors = () if isinstance(shown.outcome, Message) else shown.outcome.template_errors
        return cls(
            step=number,
            channel=shown.step.channel,
            due_at=shown.due_at,
            ok=message is not None,
            subject=message and message.subject,
            text=message and message.text,
            in_reply_to=message and message.in_reply_to,
            template_errors=[TemplateErrorDocument.of(error) for error in errors],
            resolution=shown.speaker.as_dict(),
        )


class Preview(BaseModel):
    """All steps of a sequence for one lead."""

    steps: list[PreviewStepDocument]


class LintRequest(Request):
    """A template to check."""

    template: Annotated[Text, Field(max_length=MAX_BODY_CHARS)] = Field(
        examples=["Hi {firstName|there}, {bookingLink}"]
    )
    ai_persona_id: UUID | None = None


class LintResult(BaseModel):
    """What would keep the template from being saved, and what is missing today."""

    ok: bool = Field(description="It can be saved: there are no errors; there may be warnings.")
    template_errors: list[TemplateErrorDocument]
    warnings: list[TemplateErrorDocument]


class TokenDocument(BaseModel):
    """A token that templates may hold."""

    token: str
    source: TokenSource
    description: str
    hint: str = Field(description="What to do when it has no value.")

    @classmethod
    def of(cls, token: Token) -> Self:
        """Return the document of a token."""
        return cls(
            token=f"{{{token.name}}}",
            source=token.source,
            description=token.description,
            hint=token.hint,
        )


class Tokens(BaseModel):
    """Every token."""

    items: list[TokenDocument]


def _sequence_fields(row: SequenceRow) -> dict[str, object]:
    return {
        **SequenceRequest.fields_of(row.sequence),
        "sequence_id": row.sequence_id,
        "version": row.version,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _step(step: StepDocument) -> domain.Step:
    return domain.Step(
        channel=step.channel,
        delay=Delay(amount=step.delay.amount, unit=step.delay.unit),
        subject=step.subject if step.subject and step.subject.strip() else None,
        body=step.body,
    )


def _trigger(trigger: TriggerDocument) -> domain.Trigger:
    return domain.Trigger(
        event=trigger.event,
        campaign_ids=tuple(trigger.campaign_ids),
        outcomes=tuple(trigger.outcomes),
        first_reply_only=trigger.first_reply_only,
        persona_id=trigger.persona_id,
    )


def _trigger_document(trigger: domain.Trigger) -> dict[str, object]:
    return {
        "event": trigger.event,
        "campaign_ids": list(trigger.campaign_ids),
        "outcomes": list(trigger.outcomes),
        "first_reply_only": trigger.first_reply_only,
        "persona_id": trigger.persona_id,
    }


def _minute(clock: str) -> int:
    match = _HOUR_MINUTE.fullmatch(clock)
    if match is None:
        raise ValueError("must be a time such as 09:00")
    return int(match[1]) * 60 + int(match[2])


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
