"""Erasing conversations, or what a persona said in them; and what was asked in vain."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from service_kit.erasure import delete_rows
from service_kit.store import Session, Store
from sqlalchemy import ColumnElement, String, cast, exists, func, select

from chat_svc.adapters.tables import (
    ConversationRow,
    GapRow,
    GapSourceRow,
    MessageRow,
    PromptTestRow,
)


async def delete_persona(store: Store, workspace_id: str, persona_id: UUID) -> None:
    """Delete the conversations that a persona is to answer in, and its answers in others."""
    its_own = select(ConversationRow.conversation_id).where(
        ConversationRow.workspace_id == workspace_id, ConversationRow.persona_id == persona_id
    )
    await delete_rows(
        store,
        MessageRow,
        MessageRow.workspace_id == workspace_id,
        (MessageRow.persona_id == persona_id) | MessageRow.conversation_id.in_(its_own),
    )
    await delete_rows(
        store,
        ConversationRow,
        ConversationRow.workspace_id == workspace_id,
        ConversationRow.persona_id == persona_id,
    )
    for table in (GapRow, PromptTestRow):
        await delete_rows(
            store, table, table.workspace_id == workspace_id, table.persona_id == persona_id
        )


async def delete_all(store: Store, workspace_id: str) -> None:
    """Delete all that is kept of a workspace."""
    for table in (MessageRow, ConversationRow, GapRow, PromptTestRow):
        await delete_rows(store, table, table.workspace_id == workspace_id)


async def ids_of_user(session: Session, workspace_id: str, user_id: str) -> list[UUID]:
    """Return the conversations of a user, in a worker's transaction."""
    mine = select(ConversationRow.conversation_id).where(*_of_user(workspace_id, user_id))
    return list(await session.scalars(mine))


async def delete_user(store: Store, workspace_id: str, user_id: str) -> None:
    """Delete the conversations of a user."""
    await _delete_conversations(store, *_of_user(workspace_id, user_id))


async def delete_hidden(store: Store, kept: timedelta) -> None:
    """Delete, in all workspaces, the conversations whose users deleted them longer ago."""
    await _delete_conversations(store, ConversationRow.deleted_at < func.now() - kept)


async def delete_questions_of(store: Store, workspace_id: str, owner_ids: Sequence[str]) -> None:
    """Delete the questions that these conversations or leads alone asked."""
    await _delete_sources(
        store, GapSourceRow.workspace_id == workspace_id, GapSourceRow.owner_id.in_(owner_ids)
    )


def _of_user(workspace_id: str, user_id: str) -> tuple[ColumnElement[bool], ...]:
    return ConversationRow.workspace_id == workspace_id, ConversationRow.user_id == user_id


async def _delete_conversations(store: Store, *conditions: ColumnElement[bool]) -> None:
    """Delete conversations, messages first: what is cut short is found again."""
    chosen = select(ConversationRow.conversation_id).where(*conditions)
    owners = select(cast(ConversationRow.conversation_id, String)).where(*conditions)
    await _delete_sources(store, GapSourceRow.owner_id.in_(owners))
    await delete_rows(store, MessageRow, MessageRow.conversation_id.in_(chosen))
    await delete_rows(store, ConversationRow, *conditions)


async def _delete_sources(store: Store, *conditions: ColumnElement[bool]) -> None:
    """Delete where questions were asked, and those that were asked nowhere else."""
    await delete_rows(store, GapSourceRow, *conditions)
    await delete_rows(store, GapRow, ~exists().where(GapSourceRow.gap_id == GapRow.gap_id))
