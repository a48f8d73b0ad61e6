"""What the API takes and gives: sequences, their versions, previews."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from persona_contracts import Channel, ExternalId, Outcome, SubjectId, Text
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
from service_kit.names import name_key, turning_character
from service_kit.requests import StrictRequest

from followup_svc.domain import sequence as domain
from followup_svc.domain.message import Message
from followup_svc.domain.sequence import (
    MAX_BODY_CHARS,
    MAX_DELAY,
    MAX_NAME_CHARS,
    MAX_STEPS,
    MAX_SUBJECT_CHARS,
    OnReply,
    TriggerEvent,
)
from followup_svc.domain.window import Delay, DelayUnit, SendWindow
from followup_svc.entrypoints.schemas.leads import LeadRequest
from followup_svc.entrypoints.schemas.templates import (
    TemplateErrorDocument,
    TemplateWarningDocument,
)
from followup_svc.entrypoints.schemas.windows import WindowDocument
from followup_svc.usecases.find_warnings import Warned
from followup_svc.usecases.preview_sequence import PreviewedStep

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


def _readable(name: str) -> str:
    if not name_key(name):
        raise ValueError("has no visible character: give it some")
    if message := turning_character(name):
        raise ValueError(message)
    return name


Name = Annotated[Text, Field(min_length=1, max_length=MAX_NAME_CHARS), AfterValidator(_readable)]
Body = Annotated[Text, Field(min_length=1, max_length=MAX_BODY_CHARS), AfterValidator(_not_blank)]
Subject = Annotated[Text, Field(max_length=MAX_SUBJECT_CHARS)]


class DelayDocument(StrictRequest):
    """How long after the step before was sent; of the first step: after the start."""

    amount: int = Field(ge=0, le=MAX_DELAY)
    unit: DelayUnit


class StepDocument(StrictRequest):
    """One message of a sequence."""

    channel: Channel = Channel.EMAIL
    delay: DelayDocument
    subject: Subject | None = Field(
        default=None,
        description="A template. Without one an e-mail goes into the thread of the lead's last.",
    )
    body: Body = Field(description="A template; on e-mail the signature follows by itself.")


class TriggerDocument(StrictRequest):
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
            raise ValueError("outcomes: a lead that has unsubscribed is not written to")
        return self


class SaveSequenceRequest(StrictRequest):
    """What a sequence says."""

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
    stop_on_reply: bool = Field(default=True, description="false: a reply changes nothing.")
    on_reply: OnReply = OnReply.STOP
    trigger: Annotated[
        Annotated[TriggerDocument, Tag("events")] | Annotated[Literal["manual"], Tag("hand")],
        Discriminator(lambda value: "hand" if isinstance(value, str) else "events"),
    ] = Field(default="manual", description="`manual`: started by hand alone.")

    def definition(self) -> domain.Definition:
        """Return it as the domain sees it."""
        window = self.send_window
        return domain.Definition(
            name=self.name.strip(),
            ai_persona_id=self.ai_persona_id,
            steps=tuple(_step(step) for step in self.steps),
            send_window=window.window() if isinstance(window, WindowDocument) else window,
            stop_on_reply=self.stop_on_reply,
            on_reply=self.on_reply,
            trigger=_trigger(self.trigger) if isinstance(self.trigger, TriggerDocument) else None,
        )

    @classmethod
    def fields_of(cls, definition: domain.Definition) -> dict[str, object]:
        """Return the fields of a definition's document."""
        window = definition.send_window
        return {
            "name": definition.name,
            "ai_persona_id": definition.ai_persona_id,
            "steps": [
                StepDocument(
                    channel=step.channel,
                    delay=DelayDocument(amount=step.delay.amount, unit=step.delay.unit),
                    subject=step.subject,
                    body=step.body,
                )
                for step in definition.steps
            ],
            "send_window": WindowDocument.of(window) if isinstance(window, SendWindow) else window,
            "stop_on_reply": definition.stop_on_reply,
            "on_reply": definition.on_reply,
            "trigger": _trigger_document(definition.trigger) if definition.trigger else "manual",
        }


class SequenceDocument(SaveSequenceRequest):
    """A sequence at one of its versions."""

    name: str
    sequence_id: UUID
    version: int
    created_at: datetime
    updated_at: datetime
    paused_reason: Literal["persona-deleted"] | None = Field(
        default=None,
        description="Why nothing of it starts or is sent; null: nothing is in the way.",
    )

    @classmethod
    def of(cls, sequence: domain.Sequence, *, is_paused: bool = False) -> Self:
        """Return the document of a sequence at its newest version."""
        reason = "persona-deleted" if is_paused else None
        return cls.model_validate({**_sequence_fields(sequence), "paused_reason": reason})


class SavedSequenceDocument(SequenceDocument):
    """A sequence that was just saved, and what is missing for it today."""

    warnings: list[TemplateWarningDocument]

    @classmethod
    def saved(cls, sequence: domain.Sequence, warned: Iterable[Warned]) -> Self:
        """Return the document of a sequence with its warnings."""
        warnings = [TemplateWarningDocument.at(item) for item in warned]
        return cls.model_validate({**_sequence_fields(sequence), "warnings": warnings})


class SequenceVersionDocument(SaveSequenceRequest):
    """What one version of a sequence says."""

    name: str
    sequence_id: UUID
    version: int
    changed_by: str
    created_at: datetime

    @classmethod
    def of(cls, version: domain.SequenceVersion) -> Self:
        """Return the document of a version."""
        return cls.model_validate(
            {
                **cls.fields_of(version.definition),
                "sequence_id": version.sequence_id,
                "version": version.version,
                "changed_by": version.changed_by,
                "created_at": version.created_at,
            }
        )


class CloneSequenceRequest(StrictRequest):
    """What the copy is called."""

    name: Name | None = Field(default=None, description='By default "Copy of …".')


class PreviewSequenceRequest(LeadRequest):
    """The lead to show the messages for; an unknown one may be used."""

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
    warnings: list[str] = Field(description="What is wrong with what is known of the lead.")

    @classmethod
    def of(cls, step: int, shown: PreviewedStep) -> Self:
        """Return the document of a previewed step."""
        message = shown.outcome if isinstance(shown.outcome, Message) else None
        errors = () if isinstance(shown.outcome, Message) else shown.outcome.template_errors
        return cls(
            step=step,
            channel=shown.step.channel,
            due_at=shown.due_at,
            ok=message is not None,
            subject=message and message.subject,
            text=message and message.text,
            in_reply_to=message and message.in_reply_to,
            template_errors=[TemplateErrorDocument.of(error) for error in errors],
            resolution=shown.resolution.as_dict(),
            warnings=list(shown.warnings),
        )


class PreviewDocument(BaseModel):
    """All steps of a sequence for one lead."""

    steps: list[PreviewStepDocument]

    @classmethod
    def of(cls, previewed: Iterable[PreviewedStep]) -> Self:
        """Return the document of a preview."""
        return cls(
            steps=[PreviewStepDocument.of(step, shown) for step, shown in enumerate(previewed, 1)]
        )


def _sequence_fields(sequence: domain.Sequence) -> dict[str, object]:
    return {
        **SaveSequenceRequest.fields_of(sequence.definition),
        "sequence_id": sequence.sequence_id,
        "version": sequence.version,
        "created_at": sequence.created_at,
        "updated_at": sequence.updated_at,
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
