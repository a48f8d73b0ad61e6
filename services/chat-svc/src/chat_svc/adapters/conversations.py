"""Conversations: rows become aggregates here and never leave."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from service_kit.store import Session
from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert

from chat_svc.adapters.tables import ConversationRow
from chat_svc.domain.conversation import Conversation, ConversationNotFoundError


async def get(session: Session, conversation_id: UUID, user_id: str) -> Conversation:
    """Return a user's conversation.

    Raises:
        ConversationNotFoundError: this user has none with that id.
    """
    return _found(await session.scalar(_own(conversation_id, user_id)), conversation_id)


async def lock(session: Session, conversation_id: UUID, user_id: str) -> Conversation:
    """Return a user's conversation, and keep others from changing it.

    Raises:
        ConversationNotFoundError: this user has none with that id.
    """
    query = _own(conversation_id, user_id).with_for_update()
    return _found(await session.scalar(query), conversation_id)


async def lock_by_id(session: Session, conversation_id: UUID) -> Conversation | None:
    """Return a conversation as workers see it, locked; None: it is deleted."""
    query = (
        select(ConversationRow)
        .where(
            ConversationRow.conversation_id == conversation_id, ConversationRow.deleted_at.is_(None)
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = await session.scalar(query)
    return None if row is None else _conversation(row)


async def get_of_workspace(session: Session, conversation_id: UUID) -> Conversation:
    """Return a conversation, whoever's it is.

    Raises:
        ConversationNotFoundError: there is none with that id, or it is deleted.
    """
    query = select(ConversationRow).where(
        ConversationRow.conversation_id == conversation_id, ConversationRow.deleted_at.is_(None)
    )
    return _found(await session.scalar(query), conversation_id)


async def is_of(session: Session, conversation_id: UUID, user_id: str) -> bool:
    """Return whether this user has a conversation with that id."""
    return await session.scalar(_own(conversation_id, user_id)) is not None


async def is_there(session: Session, conversation_id: UUID) -> bool:
    """Return whether a conversation is not deleted."""
    query = select(ConversationRow.deleted_at).where(
        ConversationRow.conversation_id == conversation_id, ConversationRow.deleted_at.is_(None)
    )
    return (await session.execute(query)).first() is not None


async def add(session: Session, conversation: Conversation) -> Conversation:
    """Store a new conversation; return the one that is there under its `client_id` already."""
    values = asdict(conversation)
    statement = insert(ConversationRow).values(**values)
    new = statement.on_conflict_do_nothing(
        index_elements=["workspace_id", "user_id", "client_id"]
    ).returning(ConversationRow.conversation_id)
    if await session.scalar(new) is not None:
        return conversation
    query = select(ConversationRow).where(
        ConversationRow.user_id == conversation.user_id,
        ConversationRow.client_id == conversation.client_id,
        ConversationRow.deleted_at.is_(None),
    )
    return _found(await session.scalar(query.with_for_update()), conversation.conversation_id)


async def add_new(session: Session, conversation: Conversation) -> bool:
    """Store a new conversation; return whether its id was free."""
    statement = insert(ConversationRow).values(**asdict(conversation)).on_conflict_do_nothing()
    return await session.scalar(statement.returning(ConversationRow.conversation_id)) is not None


async def save(session: Session, conversation: Conversation) -> None:
    """Store a locked conversation."""
    values = asdict(conversation)
    conversation_id = values.pop("conversation_id")
    await session.execute(
        update(ConversationRow)
        .where(ConversationRow.conversation_id == conversation_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def delete(session: Session, conversation: Conversation, *, at: datetime) -> None:
    """Hide a locked conversation, its messages with it; its `client_id` may be used again."""
    await session.execute(
        update(ConversationRow)
        .where(ConversationRow.conversation_id == conversation.conversation_id)
        .values(deleted_at=at, client_id=None)
        .execution_options(synchronize_session=False)
    )


async def page(
    session: Session, user_id: str, before: UUID | None, limit: int
) -> list[Conversation]:
    """Return up to `limit` conversations of a user, the one that was begun last first."""
    return await page_of_workspace(session, user_id, before, limit)


async def page_of_workspace(
    session: Session, user_id: str | None, before: UUID | None, limit: int
) -> list[Conversation]:
    """Return up to `limit` conversations, of one user or of all, the last begun first."""
    query = select(ConversationRow).where(ConversationRow.deleted_at.is_(None))
    if user_id is not None:
        query = query.where(ConversationRow.user_id == user_id)
    if before is not None:
        query = query.where(ConversationRow.conversation_id < before)
    newest = query.order_by(ConversationRow.conversation_id.desc()).limit(limit)
    return [_conversation(row) for row in await session.scalars(newest)]


def _own(conversation_id: UUID, user_id: str) -> Select[ConversationRow]:
    query = select(ConversationRow).where(
        ConversationRow.conversation_id == conversation_id,
        ConversationRow.user_id == user_id,
        ConversationRow.deleted_at.is_(None),
    )
    return query.execution_options(populate_existing=True)


def _found(row: ConversationRow | None, conversation_id: UUID) -> Conversation:
    if row is None:
        raise ConversationNotFoundError(f"no conversation {conversation_id}")
    return _conversation(row)


def _conversation(row: ConversationRow) -> Conversation:
    return Conversation(
        conversation_id=row.conversation_id,
        workspace_id=row.workspace_id,
        user_id=row.user_id,
        client_id=row.client_id,
        persona_id=row.persona_id,
        branch_of=row.branch_of,
        title=row.title,
        seq=row.seq,
        revision=row.revision,
        message_count=row.message_count,
        created_at=row.created_at,
        updated_at=row.updated_at,
        last_message_at=row.last_message_at,
    )
