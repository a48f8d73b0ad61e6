"""Erasing conversations, or what a persona said in them."""

from uuid import UUID

from service_kit.erasure import delete_rows
from service_kit.store import Store
from sqlalchemy import select

from chat_svc.adapters.tables import ConversationRow, MessageRow


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


async def delete_all(store: Store, workspace_id: str) -> None:
    """Delete the conversations of a workspace."""
    for table in (MessageRow, ConversationRow):
        await delete_rows(store, table, table.workspace_id == workspace_id)
