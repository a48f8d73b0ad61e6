"""REST: a message in, the answer out as it is written."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Response
from fastapi.responses import StreamingResponse
from service_kit.identity import Viewer
from service_kit.persona_dependencies import PersonaOfPath
from service_kit.problem import problem_responses
from service_kit.routing import WorkspaceSession, api_router

from chat_svc.adapters import conversations, messages
from chat_svc.entrypoints.answer_stream import (
    MAX_EVENT_ID_CHARS,
    STREAM,
    Place,
    answer_response,
)
from chat_svc.entrypoints.dependencies import Answering, Deps
from chat_svc.entrypoints.schemas import ChatRequest
from chat_svc.usecases.accept_message import SentMessage, accept_message
from chat_svc.usecases.create_conversation import create_conversation

router = api_router("", "chat")


@router.post(
    "/chat/{persona_id}",
    operation_id="chat",
    summary="Say something to a persona, and hear the answer",
    responses={**problem_responses(404), **STREAM},
    response_class=StreamingResponse,
)
async def chat(
    deps: Answering,
    persona: PersonaOfPath,
    body: ChatRequest,
    viewer: Viewer,
    session: WorkspaceSession,
) -> Response:
    """Store the message, and stream the answer: the AI SDK's UI message stream.

    Whoever leaves stops nothing: `GET /api/conversations/{conversation_id}/stream` goes on with it.
    The same `client_key` again hears the same answer. Where it is not the conversation's persona,
    this one takes it over.
    """
    text, client_key = body.text_and_key()
    if body.thread_id is None:
        begun = await create_conversation(
            session,
            viewer.workspace_id,
            viewer.subject,
            persona.persona_id,
            client_id=body.client_id(),
        )
        thread_id = begun.conversation_id
    else:
        thread_id = body.thread_id
    conversation = await conversations.lock(session, thread_id, viewer.subject)
    sent = SentMessage(text=text, persona_id=persona.persona_id, client_key=client_key)
    answer = await accept_message(session, conversation, sent)
    shown = await conversations.get(session, thread_id, viewer.subject)
    return answer_response(deps.follow, shown, Place(answer.message_id, 0))


router.add_api_route("/api/chat/{persona_id}", chat, methods=["POST"], include_in_schema=False)


@router.get(
    "/api/conversations/{conversation_id}/stream",
    operation_id="streamAnswer",
    summary="Hear the answer that is being written",
    responses={
        **problem_responses(404),
        **STREAM,
        204: {"description": "Nothing is being written."},
    },
    response_class=StreamingResponse,
)
async def stream(
    conversation_id: UUID,
    viewer: Viewer,
    session: WorkspaceSession,
    deps: Deps,
    last_event_id: Annotated[
        str | None,
        Header(
            max_length=MAX_EVENT_ID_CHARS,
            description="The id of the last event that was seen: the stream goes on after it.",
        ),
    ] = None,
) -> Response:
    """Stream the answer from its start, or on from `Last-Event-ID`; 204: nothing is written."""
    conversation = await conversations.get(session, conversation_id, viewer.subject)
    if last_event_id is not None:
        place = Place.parse(last_event_id)
        await messages.get(session, conversation_id, place.message_id)
        return answer_response(deps.follow, conversation, place)
    answer = await messages.open_answer(session, conversation_id)
    if answer is None:
        return Response(status_code=204)
    return answer_response(deps.follow, conversation, Place(answer.message_id, 0))
