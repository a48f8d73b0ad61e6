"""REST: that users have conversations, and the end of them; never what was said."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from persona_contracts import Text
from pydantic import StringConstraints
from service_kit.identity import Admin
from service_kit.paging import Page, Paging
from service_kit.routing import AuditRecorder, WorkspaceSession, api_router

from chat_svc.adapters import conversations
from chat_svc.entrypoints.dependencies import Deps
from chat_svc.entrypoints.schemas import UserConversationDocument
from chat_svc.usecases.erase_user import erase_user

UserId = Annotated[Text, StringConstraints(min_length=1, max_length=255)]

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
