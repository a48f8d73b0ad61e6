"""REST: what was said in a conversation, and what may be done about it."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, status
from fastapi.responses import StreamingResponse
from persona_client import Freshness
from service_kit.identity import Principal, Viewer
from service_kit.in_turn import in_turn
from service_kit.personas import known_persona
from service_kit.preconditions import etag
from service_kit.problem import problem_responses
from service_kit.response_headers import Tagged
from service_kit.routing import WorkspaceSession, api_router

from chat_svc.adapters import conversations, messages
from chat_svc.deps import ChatDeps
from chat_svc.domain.conversation import Conversation
from chat_svc.domain.message import Message
from chat_svc.domain.transcript import title_of, transcript
from chat_svc.entrypoints.dependencies import Deps, LockedConversation, document_of
from chat_svc.entrypoints.schemas import (
    BranchDocument,
    ConversationDetailDocument,
    ConversationDocument,
    EditMessageRequest,
    MessageDocument,
    MessagesDocument,
    PersonaDocument,
    RateAnswerRequest,
    SwitchPersonaRequest,
)
from chat_svc.usecases.branch_conversation import branch_conversation
from chat_svc.usecases.rate_answer import rate_answer
from chat_svc.usecases.regenerate_answer import regenerate_answer
from chat_svc.usecases.resend_message import resend_message
from chat_svc.usecases.stop_answer import stop_answer
from chat_svc.usecases.switch_persona import switch_persona

router = api_router("/api/conversations/{conversation_id}", "messages")
CHANGED = problem_responses(404, 409, 412)
DEFAULT_MESSAGES = 50
EXPORTED_AT_ONCE = 50
MARKDOWN = "text/markdown; charset=utf-8"
NO_MESSAGES = '"messages":[]'


async def _locked_message(
    conversation_id: UUID, message_id: UUID, viewer: Viewer, session: WorkspaceSession
) -> Message:
    """Lock a message first, its conversation afterwards: in the order of whoever writes answers."""
    await conversations.get(session, conversation_id, viewer.subject)
    return await messages.lock(session, conversation_id, message_id)


LockedMessage = Annotated[Message, Depends(_locked_message)]


async def _conversation_after(
    message: LockedMessage, viewer: Viewer, session: WorkspaceSession
) -> Conversation:
    return await conversations.lock(session, message.conversation_id, viewer.subject)


ConversationOfMessage = Annotated[Conversation, Depends(_conversation_after)]


@router.get(
    "",
    operation_id="getConversation",
    summary="Show a conversation",
    responses=problem_responses(404),
)
async def get_conversation(
    conversation_id: UUID, viewer: Viewer, session: WorkspaceSession, deps: Deps, response: Tagged
) -> ConversationDetailDocument:
    """Return the conversation with its newest messages, oldest first, and who answers now."""
    found = await conversations.get(session, conversation_id, viewer.subject)
    newest = await messages.before(session, conversation_id, None, DEFAULT_MESSAGES)
    response.headers["ETag"] = etag(found.revision)
    return _detail(deps, found, newest)


def _detail(
    deps: Deps, conversation: Conversation, shown: Sequence[Message]
) -> ConversationDetailDocument:
    return ConversationDetailDocument(
        conversation=document_of(deps, conversation),
        messages=[MessageDocument.of(each) for each in shown],
        persona=_persona(deps, conversation),
    )


def _persona(deps: Deps, conversation: Conversation) -> PersonaDocument | None:
    if conversation.persona_id is None or deps.roster.freshness is Freshness.NOT_READY:
        return None
    found = deps.roster.persona(conversation.workspace_id, conversation.persona_id)
    return None if found is None else PersonaDocument.of(found)


@router.get(
    "/messages",
    operation_id="listMessages",
    summary="List messages, the newest page first",
    responses=problem_responses(404),
    dependencies=[Depends(in_turn)],
)
async def list_messages(
    conversation_id: UUID,
    viewer: Viewer,
    session: WorkspaceSession,
    limit: Annotated[int, Query(ge=1, le=200)] = DEFAULT_MESSAGES,
    before: Annotated[UUID | None, Query(description="A message: those before it.")] = None,
) -> MessagesDocument:
    """Return messages, oldest first; with `before`, those said before that message."""
    await conversations.get(session, conversation_id, viewer.subject)
    start = None if before is None else await messages.get(session, conversation_id, before)
    seq = None if start is None else start.seq
    found = await messages.before(session, conversation_id, seq, limit + 1)
    shown = found[-limit:]
    return MessagesDocument(
        messages=[MessageDocument.of(each) for each in shown], has_more=len(found) > limit
    )


@router.get(
    "/export",
    operation_id="exportConversation",
    summary="Take a conversation along",
    responses={
        **problem_responses(404),
        200: {"content": {"text/markdown": {"schema": {"type": "string"}}}},
    },
    response_model=ConversationDetailDocument,
    dependencies=[Depends(in_turn)],
)
async def export(
    conversation_id: UUID,
    viewer: Viewer,
    session: WorkspaceSession,
    deps: Deps,
    form: Annotated[Literal["json", "markdown"], Query(alias="format")] = "json",
) -> StreamingResponse:
    """Return the whole conversation as JSON, or as Markdown to read."""
    found = await conversations.get(session, conversation_id, viewer.subject)
    pages = _pages(deps, viewer, found)
    if form == "markdown":
        return StreamingResponse(_markdown(found, pages), media_type=MARKDOWN)
    return StreamingResponse(_json(_detail(deps, found, ()), pages), media_type="application/json")


async def _pages(
    deps: ChatDeps, viewer: Principal, conversation: Conversation
) -> AsyncIterator[list[Message]]:
    """Yield all messages, the oldest first: a few at a time, for they may be long."""
    last = 0
    while True:
        async with deps.store.workspace(viewer.workspace_id, viewer.persona_ids) as session:
            found = await messages.after(
                session, conversation.conversation_id, last, EXPORTED_AT_ONCE
            )
        if not found:
            return
        yield found
        last = found[-1].seq


async def _markdown(
    conversation: Conversation, pages: AsyncIterator[list[Message]]
) -> AsyncIterator[str]:
    yield title_of(conversation)
    async for page in pages:
        yield transcript(page)


async def _json(
    detail: ConversationDetailDocument, pages: AsyncIterator[list[Message]]
) -> AsyncIterator[str]:
    """Write the messages into the document of a conversation that has none."""
    before, _, behind = detail.model_dump_json().partition(NO_MESSAGES)
    yield before + NO_MESSAGES[:-1]
    separator = ""
    async for page in pages:
        shown = (MessageDocument.of(each).model_dump_json() for each in page)
        yield separator + ",".join(shown)
        separator = ","
    yield f"]{behind}"


@router.put(
    "/persona",
    operation_id="switchPersona",
    summary="Let another persona answer",
    responses=CHANGED,
)
async def switch(
    body: SwitchPersonaRequest,
    viewer: Viewer,
    deps: Deps,
    conversation: LockedConversation,
    session: WorkspaceSession,
    response: Tagged,
) -> ConversationDocument:
    """Let a persona answer what is said from now on; null: the workspace's default."""
    if body.persona_id is not None:
        await known_persona(deps.roster, viewer.workspace_id, body.persona_id)
    switched = conversation
    if body.persona_id != conversation.persona_id:
        switched = await switch_persona(session, conversation, body.persona_id)
    response.headers["ETag"] = etag(switched.revision)
    return document_of(deps, switched)


@router.post(
    "/messages/{message_id}/stop",
    operation_id="stopAnswer",
    summary="Stop an answer",
    responses=problem_responses(404, 409),
)
async def stop(message: LockedMessage, session: WorkspaceSession, deps: Deps) -> MessageDocument:
    """End the answer within a second; the words that came stay."""
    return MessageDocument.of(await stop_answer(session, message, deps.deltas))


@router.post(
    "/messages/{message_id}/resend",
    operation_id="resendMessage",
    summary="Ask again for an answer that failed",
    responses=problem_responses(404, 409),
)
async def resend(
    message: LockedMessage, conversation: ConversationOfMessage, session: WorkspaceSession
) -> MessageDocument:
    """Queue the answer again, in its place."""
    return MessageDocument.of(await resend_message(session, conversation, message))


@router.post(
    "/messages/{message_id}/regenerate",
    operation_id="regenerateAnswer",
    summary="Ask for another answer",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(404, 409),
)
async def regenerate(
    message: LockedMessage, conversation: ConversationOfMessage, session: WorkspaceSession
) -> MessageDocument:
    """Queue another answer to the same message; the one that is there stays."""
    return MessageDocument.of(await regenerate_answer(session, conversation, message))


@router.post(
    "/messages/{message_id}/edit",
    operation_id="editMessage",
    summary="Say something else at an earlier place",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(404, 409),
)
async def edit(
    message: LockedMessage,
    conversation: ConversationOfMessage,
    body: EditMessageRequest,
    session: WorkspaceSession,
    deps: Deps,
) -> BranchDocument:
    """Begin a conversation with all that was said before, and the new words; this one stays."""
    branch, answer = await branch_conversation(session, conversation, message, body.message)
    return BranchDocument(conversation=document_of(deps, branch), answer=MessageDocument.of(answer))


@router.put(
    "/messages/{message_id}/feedback",
    operation_id="rateAnswer",
    summary="Rate an answer",
    responses=problem_responses(404, 409),
)
async def rate(
    message: LockedMessage, body: RateAnswerRequest, session: WorkspaceSession
) -> MessageDocument:
    """Rate an answer; `chat.feedback` tells the rating, never a word."""
    rating = None if body.rating == "none" else body.rating
    return MessageDocument.of(await rate_answer(session, message, rating, body.text))
