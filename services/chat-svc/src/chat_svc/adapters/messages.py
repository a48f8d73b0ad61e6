"""Messages: rows become aggregates here and never leave."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast
from uuid import UUID

from persona_model.knowledge import KnowledgeStatus
from persona_model.usage import TokenUsage
from service_kit.leases import Leases
from service_kit.store import Session, database_now
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from chat_svc.adapters.tables import MessageRow
from chat_svc.domain.message import (
    CitedPassage,
    Failure,
    Kind,
    Message,
    MessageNotFoundError,
    MessageStatus,
    Rating,
    Role,
)

_OPEN = ("queued", "streaming")
_FRESH = {"populate_existing": True}


async def get(session: Session, conversation_id: UUID, message_id: UUID) -> Message:
    """Return a message of a conversation.

    Raises:
        MessageNotFoundError: the conversation has none with that id.
    """
    found = await find(session, message_id)
    if found is None or found.conversation_id != conversation_id:
        raise MessageNotFoundError(f"no message {message_id}")
    return found


async def find(session: Session, message_id: UUID) -> Message | None:
    """Return a message; None: it is gone."""
    row = await session.get(MessageRow, message_id, execution_options=_FRESH)
    return None if row is None else _message(row)


async def lock(session: Session, conversation_id: UUID, message_id: UUID) -> Message:
    """Return a message of a conversation, and keep others from changing it.

    Raises:
        MessageNotFoundError: the conversation has none with that id.
    """
    row = await session.get(MessageRow, message_id, with_for_update=True, execution_options=_FRESH)
    if row is None or row.conversation_id != conversation_id:
        raise MessageNotFoundError(f"no message {message_id}")
    return _message(row)


async def question_of(session: Session, answer: Message) -> Message:
    """Return the message that an answer is to.

    Raises:
        MessageNotFoundError: it is gone.
    """
    if answer.answers is None:
        raise MessageNotFoundError(f"message {answer.message_id} answers none")
    return await get(session, answer.conversation_id, answer.answers)


async def find_by_key(session: Session, conversation_id: UUID, client_key: str) -> Message | None:
    """Return the answer to the message that a program sent under its own key."""
    sent = select(MessageRow.message_id).where(
        MessageRow.conversation_id == conversation_id, MessageRow.client_key == client_key
    )
    answers = select(MessageRow).where(
        MessageRow.conversation_id == conversation_id,
        MessageRow.answers.in_(sent.scalar_subquery()),
    )
    row = await session.scalar(answers.order_by(MessageRow.seq.desc()).limit(1))
    return None if row is None else _message(row)


async def add(session: Session, message: Message) -> None:
    """Store a new message."""
    session.add(MessageRow(**_values(message)))
    await session.flush()


async def add_new(session: Session, new: Sequence[Message]) -> bool:
    """Store new messages; return whether all their ids were free."""
    if not new:
        return True
    rows = [_values(each) for each in new]
    statement = insert(MessageRow).values(rows).on_conflict_do_nothing()
    stored = await session.scalars(statement.returning(MessageRow.message_id))
    return len(stored.all()) == len(new)


async def save(session: Session, message: Message) -> None:
    """Store a changed message."""
    row = await session.get_one(MessageRow, message.message_id)
    for name, value in _values(message).items():
        setattr(row, name, value)
    await session.flush()


async def is_held(session: Session, message_id: UUID) -> bool:
    """Return whether a process writes the answer."""
    row = await session.get_one(MessageRow, message_id)
    return row.lease_token is not None


async def make_head_due(session: Session, conversation_id: UUID) -> None:
    """Let the first open answer of a locked conversation be written, unless one is already."""
    query = (
        select(MessageRow)
        .where(MessageRow.conversation_id == conversation_id, MessageRow.status.in_(_OPEN))
        .order_by(MessageRow.due_at.is_(None), MessageRow.seq)
        .limit(1)
        .execution_options(**_FRESH)
    )
    row = await session.scalar(query)
    if row is not None and row.due_at is None:
        row.due_at, row.attempts, row.deaths = await database_now(session), 0, 0
        await session.flush()
        await LEASES.wake_workers(session)


async def rest(session: Session, message_id: UUID) -> None:
    """Let an answer be written by nobody any more."""
    row = await session.get_one(MessageRow, message_id)
    row.due_at = row.lease_token = None
    await session.flush()


async def before(
    session: Session, conversation_id: UUID, seq: int | None, limit: int
) -> list[Message]:
    """Return up to `limit` messages before the place `seq` (None: the newest), oldest first."""
    query = select(MessageRow).where(MessageRow.conversation_id == conversation_id)
    if seq is not None:
        query = query.where(MessageRow.seq < seq)
    newest = await session.scalars(query.order_by(MessageRow.seq.desc()).limit(limit))
    return [_message(row) for row in newest][::-1]


async def after(session: Session, conversation_id: UUID, seq: int, limit: int) -> list[Message]:
    """Return up to `limit` messages behind the place `seq`, oldest first."""
    query = (
        select(MessageRow)
        .where(MessageRow.conversation_id == conversation_id, MessageRow.seq > seq)
        .order_by(MessageRow.seq)
        .limit(limit)
    )
    return [_message(row) for row in await session.scalars(query)]


async def open_answer(session: Session, conversation_id: UUID) -> Message | None:
    """Return the first answer of a conversation that has not ended."""
    query = select(MessageRow).where(
        MessageRow.conversation_id == conversation_id, MessageRow.status.in_(_OPEN)
    )
    row = await session.scalar(query.order_by(MessageRow.seq).limit(1))
    return None if row is None else _message(row)


def _message(row: MessageRow) -> Message:
    return Message(
        message_id=row.message_id,
        workspace_id=row.workspace_id,
        conversation_id=row.conversation_id,
        seq=row.seq,
        role=cast("Role", row.role),  # check constraints keep these
        kind=cast("Kind", row.kind),
        status=MessageStatus(row.status),
        content=row.content,
        citations=tuple(CitedPassage(**each) for each in row.citations),
        knowledge=cast("KnowledgeStatus | None", row.knowledge),
        token_count=row.token_count,
        model=row.model,
        persona_id=row.persona_id,
        resolution=row.resolution,
        usage=TokenUsage(**row.usage) if row.usage else None,
        failure=Failure(**row.error) if row.error else None,
        answers=row.answers,
        client_key=row.client_key,
        run=row.run,
        stop_asked=row.stop_asked,
        rating=cast("Rating | None", row.rating),
        feedback=row.feedback,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def _values(message: Message) -> Mapping[str, Any]:
    values = {
        name: getattr(message, name)
        for name in (
            "message_id", "workspace_id", "conversation_id", "seq", "role", "kind", "content",
            "knowledge", "token_count", "model", "persona_id", "answers", "client_key", "run",
            "stop_asked", "rating", "feedback", "created_at", "finished_at",
        )
    }  # fmt: skip
    return {
        **values,
        "status": message.status.value,
        "citations": _list(message.citations),
        "resolution": None if message.resolution is None else dict(message.resolution),
        "usage": asdict(message.usage) if message.usage else None,
        "error": asdict(message.failure) if message.failure else None,
    }


def _list(passages: Sequence[CitedPassage]) -> list[dict[str, Any]]:
    return [asdict(each) for each in passages]


LEASES = Leases(MessageRow, _message)
