"""REST: a user's own conversations."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, status
from persona_contracts import Text
from service_kit.identity import Viewer
from service_kit.in_turn import in_turn
from service_kit.paging import Page, Paging
from service_kit.persona_dependencies import PersonaOfPath
from service_kit.preconditions import etag
from service_kit.problem import problem_responses
from service_kit.response_headers import Created, Tagged
from service_kit.routing import IdempotentSession, WorkspaceSession, api_router

from chat_svc.adapters import conversations, message_search
from chat_svc.entrypoints.dependencies import Deps, LockedConversation, document_of, knows_persona
from chat_svc.entrypoints.import_schemas import ImportConversationsRequest, ImportReportDocument
from chat_svc.entrypoints.schemas import (
    ConversationDocument,
    CreateConversationRequest,
    DeletedConversationDocument,
    FoundMessageDocument,
    FoundMessagesDocument,
    RenameConversationRequest,
)
from chat_svc.usecases.create_conversation import create_conversation
from chat_svc.usecases.delete_conversation import delete_conversation
from chat_svc.usecases.import_conversations import import_conversations
from chat_svc.usecases.rename_conversation import rename_conversation

started = api_router("/api/chat/{persona_id}/conversations", "conversations")
router = api_router("/api/conversations", "conversations")
CHANGED = problem_responses(404, 412)


@started.post(
    "",
    operation_id="createConversation",
    summary="Begin a conversation",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(404),
)
async def create(
    persona: PersonaOfPath,
    body: CreateConversationRequest,
    viewer: Viewer,
    session: IdempotentSession,
    deps: Deps,
    response: Created,
) -> ConversationDocument:
    """Store a conversation with this persona; what is said in it comes by `POST /chat/…`."""
    made = await create_conversation(
        session, viewer.workspace_id, viewer.subject, persona.persona_id, title=body.title or ""
    )
    response.headers["Location"] = f"/api/conversations/{made.conversation_id}"
    response.headers["ETag"] = etag(made.revision)
    return document_of(deps, made)


@router.get("", operation_id="listConversations", summary="List your conversations, newest first")
async def list_conversations(
    viewer: Viewer, session: WorkspaceSession, deps: Deps, paging: Paging
) -> Page[ConversationDocument]:
    """Return the caller's own conversations."""
    found = await conversations.page(session, viewer.subject, paging.start_after(UUID), paging.rows)
    documents = [document_of(deps, each) for each in found]
    return paging.page(documents, lambda document: document.conversation_id)


@router.get(
    "/search",
    operation_id="searchConversations",
    summary="Find words in your conversations",
    dependencies=[Depends(in_turn)],
)
async def search(
    viewer: Viewer,
    session: WorkspaceSession,
    query: Annotated[Text, Query(min_length=1, max_length=200)],
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> FoundMessagesDocument:
    """Return the newest messages that have these words, in the caller's own conversations."""
    found = await message_search.search(session, viewer.subject, query, limit)
    return FoundMessagesDocument(items=[FoundMessageDocument(**each._asdict()) for each in found])


@router.post(
    "/import",
    operation_id="importConversations",
    summary="Take over your conversations, with their ids",
)
async def import_own(
    body: ImportConversationsRequest, viewer: Viewer, session: WorkspaceSession, deps: Deps
) -> ImportReportDocument:
    """Store each conversation whole or not at all, and say what became of it; repeatable."""
    imported = [each.of(viewer.subject) for each in body.conversations]
    results = await import_conversations(
        session,
        viewer.workspace_id,
        imported,
        knows_persona(deps, viewer.workspace_id),
        dry_run=body.dry_run,
    )
    return ImportReportDocument.of(results, dry_run=body.dry_run)


@router.patch(
    "/{conversation_id}",
    operation_id="renameConversation",
    summary="Rename a conversation",
    responses=CHANGED,
)
async def rename(
    conversation: LockedConversation,
    body: RenameConversationRequest,
    session: WorkspaceSession,
    deps: Deps,
    response: Tagged,
) -> ConversationDocument:
    """Give the conversation another title."""
    renamed = await rename_conversation(session, conversation, body.title)
    response.headers["ETag"] = etag(renamed.revision)
    return document_of(deps, renamed)


@router.delete(
    "/{conversation_id}",
    operation_id="deleteConversation",
    summary="Delete a conversation",
    responses=CHANGED,
)
async def delete(
    conversation: LockedConversation, session: WorkspaceSession
) -> DeletedConversationDocument:
    """Delete the conversation with all its messages."""
    await delete_conversation(session, conversation)
    return DeletedConversationDocument(success=True)
