"""Finds words in what a user and personas wrote to each other: Postgres full text."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from service_kit.store import Session
from sqlalchemy import text

SNIPPET = "MaxWords=24, MinWords=8, MaxFragments=2, StartSel=**, StopSel=**"
_SEARCH = text(
    """
    select conversation.conversation_id, conversation.title, found.message_id, found.created_at,
      ts_headline('simple', found.content, words, :snippet) as snippet
    from websearch_to_tsquery('simple', :query) as words
    cross join lateral (
      select message.* from message join conversation using (conversation_id)
      where conversation.user_id = :user_id and conversation.deleted_at is null
        and message.status in ('completed', 'stopped')
        and to_tsvector('simple', message.content) @@ words
      order by message.message_id desc limit :count
    ) found
    join conversation on conversation.conversation_id = found.conversation_id
    order by found.message_id desc
    """
)


class FoundMessage(NamedTuple):
    """A message that has the words, with its best places."""

    conversation_id: UUID
    title: str
    message_id: UUID
    created_at: datetime
    snippet: str


async def search(session: Session, user_id: str, query: str, count: int) -> list[FoundMessage]:
    """Return up to `count` messages of a user's conversations, newest first."""
    values = {"user_id": user_id, "query": query, "count": count, "snippet": SNIPPET}
    return [FoundMessage(**row) for row in (await session.execute(_SEARCH, values)).mappings()]
