"""The provider's webhook after a call, as far as it matters; everything else is ignored."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, cast

from persona_contracts import ExternalId
from pydantic import (
    AfterValidator,
    BaseModel,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    ValidationError,
)

from voice_svc.domain.agent_tool import TOOL_NAME
from voice_svc.domain.answer import ToolCitation
from voice_svc.domain.call import EndedCall, Turn
from voice_svc.entrypoints.schemas.function_calls import FunctionCallAnswer

TRANSCRIPTION = "post_call_transcription"
LAST_SECOND = 253_402_300_799
MAX_CITATIONS = 500
MAX_INTEGER = 2**31 - 1

Said = Annotated[str, AfterValidator(lambda text: text.replace("\0", "\ufffd"))]
Seconds = Annotated[float, Field(ge=0, le=MAX_INTEGER)]
_LEAD_ID = TypeAdapter[str](ExternalId)


class ToolResult(BaseModel):
    """What a tool answered."""

    tool_name: str = ""
    result_value: Any = None
    is_error: bool = False


class TranscriptTurn(BaseModel):
    """What one side said, or a tool answered."""

    role: str
    message: Said | None = None
    time_in_call_secs: Seconds = 0
    tool_results: list[ToolResult] | None = None


class CallMetadata(BaseModel):
    """When, how long, how much."""

    start_time_unix_secs: int = Field(ge=0, le=LAST_SECOND)
    call_duration_secs: Seconds
    cost: int | None = Field(default=None, ge=0, le=MAX_INTEGER)


class InitiationData(BaseModel):
    """What the caller's side gave at the start."""

    dynamic_variables: dict[str, Any] | None = None


class EndedConversation(BaseModel):
    """The conversation that has ended."""

    agent_id: ExternalId
    conversation_id: ExternalId
    transcript: list[TranscriptTurn] = Field(default_factory=list[TranscriptTurn])
    metadata: CallMetadata
    conversation_initiation_client_data: InitiationData | None = None

    def call(self) -> EndedCall:
        """Return the call."""
        return EndedCall(
            conversation_id=self.conversation_id,
            agent_id=self.agent_id,
            lead_id=self._lead_id(),
            started_at=datetime.fromtimestamp(self.metadata.start_time_unix_secs, UTC),
            duration_seconds=int(self.metadata.call_duration_secs),
            cost=self.metadata.cost,
            transcript=tuple(self._turns()),
            citations=tuple(self._citations())[:MAX_CITATIONS],
        )

    def _lead_id(self) -> str | None:
        given = self.conversation_initiation_client_data
        lead_id = (given.dynamic_variables or {}).get("lead_id") if given else None
        try:
            return _LEAD_ID.validate_python(lead_id, strict=True)
        except ValidationError:
            return None

    def _turns(self) -> Iterator[Turn]:
        for turn in self.transcript:
            if turn.message:
                role = "user" if turn.role == "user" else "agent"
                yield Turn(role=role, message=turn.message, at_seconds=int(turn.time_in_call_secs))

    def _citations(self) -> list[ToolCitation]:
        """Return what our tool answered with, each place once."""
        found: dict[str, ToolCitation] = {}
        for turn in self.transcript:
            for result in turn.tool_results or ():
                if result.tool_name == TOOL_NAME and not result.is_error:
                    for citation in _cited(result.result_value):
                        found.setdefault(citation.chunk_id, citation)
        return list(found.values())


class PostCallRequest(BaseModel):
    """A call has ended."""

    type: Literal["post_call_transcription"]
    data: EndedConversation


class OtherWebhook(BaseModel):
    """Another webhook."""

    type: str = Field(examples=["post_call_audio"])


def _kind_of(body: object) -> str:
    kind = cast("dict[str, object]", body).get("type") if isinstance(body, dict) else None
    return TRANSCRIPTION if kind == TRANSCRIPTION else "other"


Webhook = Annotated[
    Annotated[PostCallRequest, Tag(TRANSCRIPTION)] | Annotated[OtherWebhook, Tag("other")],
    Discriminator(_kind_of),
]


def _cited(value: object) -> list[ToolCitation]:
    """Return the citations of one answer of ours, as the provider gives it back."""
    try:
        document = json.loads(value) if isinstance(value, str) else value
        answer = FunctionCallAnswer.model_validate(document)
    except (ValueError, RecursionError):
        return []
    return [
        ToolCitation(
            source=citation.source,
            page=citation.page,
            section=citation.section,
            quote=citation.quote,
            file_id=citation.file_id,
            chunk_id=citation.chunk_id,
        )
        for citation in answer.citations
    ]
