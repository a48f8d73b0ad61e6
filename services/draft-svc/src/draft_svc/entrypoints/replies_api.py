"""REST: replies that the CRM sends over HTTP instead of NATS."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast
from urllib.parse import quote

from fastapi import Depends, Request
from persona_contracts import (
    BATCH_CONTENT_TYPE,
    MAX_BATCH_EVENTS,
    STRUCTURED_CONTENT_TYPE,
    EnvelopeError,
    LeadRepliedV1,
    Received,
    decode,
    decode_batch,
)
from service_kit.errors import (
    FieldError,
    InvalidError,
    MalformedError,
    ServiceError,
    TooLargeError,
)
from service_kit.identity import CHANGES_NOTHING, Editor
from service_kit.json_bodies import THREAD_BYTES
from service_kit.metrics import replaced_characters_total
from service_kit.persona_dependencies import AtLeast
from service_kit.problem import problem_responses
from service_kit.response_headers import Located
from service_kit.routing import api_router

from draft_svc.entrypoints.dependencies import Deps
from draft_svc.entrypoints.schemas import AcceptedRepliesDocument, AcceptedReplyDocument
from draft_svc.usecases.find_repeats import find_repeats
from draft_svc.usecases.forward_replies import forward_replies

router = api_router("/api/replies", "replies")
DRAFTS = "/api/drafts"


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
_STRUCTURED: dict[str, Any] = {
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
_BATCH: dict[str, Any] = {"type": "array", "maxItems": MAX_BATCH_EVENTS, "items": _STRUCTURED}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _REPLY, "example": _EXAMPLE},
            STRUCTURED_CONTENT_TYPE: {"schema": _STRUCTURED},
            BATCH_CONTENT_TYPE: {"schema": _BATCH},
        },
    }
}


@dataclass(frozen=True, slots=True)
class _Body:
    """The replies of one request."""

    replies: Sequence[Received[LeadRepliedV1]]
    is_batch: bool


async def _received(request: Request, editor: Editor) -> _Body:
    """Return the body, in any of the CRM's forms (events.md §1).

    Raises:
        ReplyTooLargeError: a reply has more than 512 KiB.
        ReplyMalformedError: it is not JSON.
        ReplyInvalidError: it breaks a rule, or is for another workspace than the token's.
    """
    body = await request.body()
    subject = f"{LeadRepliedV1.event_type}.v1.{editor.workspace_id}"
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_batch = media_type == BATCH_CONTENT_TYPE

    def read() -> list[Received[LeadRepliedV1]]:
        if is_batch:
            return decode_batch(LeadRepliedV1, subject, body)
        return [decode(LeadRepliedV1, subject, request.headers, body)]

    is_large = len(body) > THREAD_BYTES
    try:
        replies = (await asyncio.to_thread(read)) if is_large else read()
    except EnvelopeError as error:
        raise _refusal(error) from error
    replaced = sum(reply.replaced_characters for reply in replies)
    replaced_characters_total.labels("http").inc(replaced)
    return _Body(replies, is_batch)


def _refusal(error: EnvelopeError) -> ServiceError:
    match error.reason:
        case "too-large":
            return ReplyTooLargeError(str(error))
        case "malformed":
            return ReplyMalformedError(str(error))
        case _:
            return ReplyInvalidError(str(error), errors=_field_errors(error))


def _field_errors(error: EnvelopeError) -> list[FieldError]:
    if error.reason == "workspace-mismatch":
        field = str(error).partition(": ")[0]
        return [FieldError(field, "must be the workspace of the token")]
    problems = (part.partition(": ") for part in str(error).split("; "))
    return [FieldError(field, message) for field, _, message in problems if message]


@router.post(
    "",
    operation_id="acceptReply",
    status_code=202,
    summary="Take in a reply",
    openapi_extra=_BODY,
    responses=problem_responses(409, 413),
    dependencies=CHANGES_NOTHING,
)
async def accept(
    body: Annotated[_Body, Depends(_received)],
    editor: Editor,
    at_least: AtLeast,
    deps: Deps,
    response: Located,
) -> AcceptedReplyDocument | AcceptedRepliesDocument:
    """Store a `lead.replied` event; plain JSON, or a CloudEvent in binary or structured mode.

    Answers once the broker has it on disk, with the address of its draft. Sending the same reply
    again is harmless, and told by `duplicate`; another one under its `message_id` is a 409. The
    draft is written as the personas are at the revision of `Dramatis-At-Least`, or later.

    A batch (CloudEvents batch mode) is answered by a list; one wrong event refuses it whole.
    """
    repeats = await find_repeats(deps.store, editor.workspace_id, body.replies)
    are_new = await forward_replies(deps.replies, body.replies, at_least_revision=at_least)
    accepted = [
        AcceptedReplyDocument(
            event_id=item.event_id,
            message_id=item.event.message_id,
            duplicate=not is_new or item.event.message_id in repeats,
        )
        for item, is_new in zip(body.replies, are_new, strict=True)
    ]
    if body.is_batch:
        response.headers["Location"] = DRAFTS
        return AcceptedRepliesDocument(items=accepted)
    response.headers["Location"] = f"{DRAFTS}?message_id={quote(accepted[0].message_id, safe='')}"
    return accepted[0]
