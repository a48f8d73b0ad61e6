"""REST: that users have conversations, and the end of them; what was said only for a reason."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query
from service_kit.identity import Admin
from service_kit.paging import Page, Paging
from service_kit.problem import problem_responses
from service_kit.routing import AuditRecorder, WorkspaceSession, api_router

from chat_svc.adapters import conversations
from chat_svc.entrypoints.dependencies import Deps, knows_persona
from chat_svc.entrypoints.import_schemas import (
    ImportReportDocument,
    ImportUserConversationsRequest,
    UserId,
)
from chat_svc.entrypoints.schemas import (
    MessageDocument,
    ReadConversationDocument,
    ReadConversationRequest,
    UserConversationDocument,
)
from chat_svc.usecases.erase_user import erase_user
from chat_svc.usecases.import_conversations import import_conversations
from chat_svc.usecases.read_conversation import read_conversation

MESSAGES_READ: Final = 200

router = api_router("/api/user-conversations", "conversations")


@router.get(
    "",
    operation_id="listUserConversations",
    summary="List the conversations of users, without what was said",
)
async def list_of_users(
    _: Admin,
    session: WorkspaceSession,
    paging: Paging,
    user_id: Annotated[UserId | None, Query(description="Of one user; else of all.")] = None,
) -> Page[UserConversationDocument]:
    """Return who talks to which persona, and how much; a title is made of words, and left out."""
    found = await conversations.page_of_workspace(
        session, user_id, paging.start_after(UUID), paging.rows
    )
    documents = [UserConversationDocument.of(each) for each in found]
    return paging.page(documents, lambda document: document.conversation_id)


@router.post(
    "/import",
    operation_id="importUserConversations",
    summary="Take over conversations of users, with their ids",
)
async def import_of_users(
    body: ImportUserConversationsRequest, admin: Admin, session: WorkspaceSession, deps: Deps
) -> ImportReportDocument:
    """Store each conversation whole or not at all, and say what became of it; repeatable."""
    imported = [each.of(each.user_id) for each in body.conversations]
    results = await import_conversations(
        session,
        admin.workspace_id,
        imported,
        knows_persona(deps, admin.workspace_id),
        dry_run=body.dry_run,
    )
    return ImportReportDocument.of(results, dry_run=body.dry_run)


@router.post(
    "/{conversation_id}/read",
    operation_id="readUserConversation",
    summary="Read a conversation of somebody else, for a reason",
    responses=problem_responses(404),
)
async def read(
    conversation_id: UUID, body: ReadConversationRequest, admin: Admin, session: WorkspaceSession
) -> ReadConversationDocument:
    """Return what was said, the newest 200 messages; the audit trail keeps who read it and why."""
    conversation, found = await read_conversation(
        session, admin, conversation_id, body.reason, MESSAGES_READ
    )
    return ReadConversationDocument(
        conversation=UserConversationDocument.of(conversation),
        title=conversation.title,
        messages=[MessageDocument.of(each) for each in found],
    )


@router.delete(
    "",
    operation_id="eraseUserConversations",
    summary="Erase the conversations of a user",
    status_code=204,
)
async def erase(
    admin: Admin, deps: Deps, recorder: AuditRecorder, user_id: Annotated[UserId, Query()]
) -> None:
    """Delete all that this user and personas wrote to each other, for good, before it answers."""
    await erase_user(deps.store, admin.workspace_id, user_id, recorder.record)
