"""REST: replies that the CRM sends over HTTP instead of NATS."""

from typing import Annotated, Any, cast

from fastapi import Depends, Request
from persona_contracts import (
    MAX_BODY_BYTES,
    STRUCTURED_CONTENT_TYPE,
    EnvelopeError,
    LeadRepliedV1,
    Received,
    decode,
)
from service_kit.errors import FieldError, InvalidError, MalformedError, TooLargeError
from service_kit.identity import Editor
from service_kit.persona_dependencies import AtLeast
from service_kit.problem import problem_responses
from service_kit.routing import api_router

from draft_svc.entrypoints.dependencies import Deps
from draft_svc.entrypoints.schemas import AcceptedReplyDocument
from draft_svc.usecases.forward_reply import forward_reply

router = api_router("/api/replies", "replies")


class ReplyInvalidError(InvalidError):
    """This is not a `lead.replied` event of this workspace."""

    slug = "reply-invalid"


class ReplyMalformedError(MalformedError):
    """The body is not JSON."""

    slug = "reply-malformed"


class ReplyTooLargeError(TooLargeError):
    """A reply has at most 512 KiB; send it without attachments."""

    slug = "reply-too-large"


def _inlined(schema: object, definitions: dict[str, Any]) -> Any:  # noqa: ANN401 — JSON
    """Return `schema` with its local references replaced by what they refer to."""
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    members = cast("dict[str, object]", schema)
    reference = members.get("$ref")
    if isinstance(reference, str):
        return _inlined(definitions[reference.rpartition("/")[2]], definitions)
    return {key: _inlined(value, definitions) for key, value in members.items() if key != "$defs"}


_PLAIN = LeadRepliedV1.model_json_schema()
_REPLY = _inlined(_PLAIN, _PLAIN["$defs"])
_EXAMPLE = {
    "workspace_id": "demo",
    "message_id": "m-1",
    "lead_id": "lead-1",
    "channel": "email",
    "received_at": "2026-11-20T09:00:00Z",
    "campaign_id": "spring",
    "subject": "Re: Your offer",
    "body_text": "What does it cost for ten people?",
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _REPLY, "example": _EXAMPLE},
            STRUCTURED_CONTENT_TYPE: {
                "schema": {
                    "type": "object",
                    "required": ["specversion", "id", "source", "type", "data"],
                    "properties": {
                        "specversion": {"const": "1.0"},
                        "id": {"type": "string", "minLength": 1},
                        "source": {"type": "string", "minLength": 1},
                        "type": {"const": LeadRepliedV1.event_type},
                        "data": _REPLY,
                    },
                }
            },
        },
    }
}


async def _received(request: Request, editor: Editor) -> Received[LeadRepliedV1]:
    """Return the body, in any of the CRM's three forms (events.md §1).

    Raises:
        ReplyTooLargeError: it has more than 512 KiB.
        ReplyMalformedError: it is not JSON.
        ReplyInvalidError: it breaks a rule, or is for another workspace than the token's.
    """
    body = await request.body()
    if len(body) > MAX_BODY_BYTES:
        raise ReplyTooLargeError(f"The body has {len(body)} bytes.")
    subject = f"{LeadRepliedV1.event_type}.v1.{editor.workspace_id}"
    try:
        return decode(LeadRepliedV1, subject, request.headers, body)
    except EnvelopeError as error:
        if error.reason == "malformed":
            raise ReplyMalformedError(str(error)) from error
        raise ReplyInvalidError(str(error), errors=_field_errors(error)) from error


def _field_errors(error: EnvelopeError) -> list[FieldError]:
    if error.reason == "workspace-mismatch":
        return [FieldError("workspace_id", "must be the workspace of the token")]
    problems = (part.partition(": ") for part in str(error).split("; "))
    return [FieldError(field, message) for field, _, message in problems if message]


@router.post(
    "",
    operation_id="acceptReply",
    status_code=202,
    summary="Take in a reply",
    openapi_extra=_BODY,
    responses=problem_responses(413),
)
async def accept(
    received: Annotated[Received[LeadRepliedV1], Depends(_received)], at_least: AtLeast, deps: Deps
) -> AcceptedReplyDocument:
    """Store a `lead.replied` event; plain JSON, or a CloudEvent in binary or structured mode.

    Answers once the broker has it on disk. Sending the same reply again is harmless. The draft is
    written as the personas are at the revision of `Dramatis-At-Least`, or later.
    """
    await forward_reply(deps.replies, received, at_least_revision=at_least)
    return AcceptedReplyDocument(event_id=received.event_id, message_id=received.event.message_id)
