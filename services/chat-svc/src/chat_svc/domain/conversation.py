"""A conversation of one person with personas."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from service_kit.errors import NotFoundError

MAX_TITLE_CHARS: Final = 200
AUTO_TITLE_CHARS: Final = 60


class ConversationNotFoundError(NotFoundError):
    """There is no such conversation of this user."""

    slug = "conversation-not-found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Who talks to whom; `seq` is the place of the newest message, `revision` the ETag."""

    conversation_id: UUID
    workspace_id: str
    user_id: str
    client_id: str | None = None
    """The id by which the user's program knows it."""
    persona_id: UUID | None
    """Who answers what is said from now on; None: the workspace's default."""
    branch_of: UUID | None = None
    title: str = ""
    seq: int = 0
    revision: int = 1
    message_count: int = 0
    created_at: datetime
    updated_at: datetime
    last_message_at: datetime | None = None

    def rename(self, title: str, *, at: datetime) -> "Conversation":
        """Return it with another title."""
        return replace(self, title=title, updated_at=at, revision=self.revision + 1)

    def take_places(self, count: int, *, at: datetime) -> "Conversation":
        """Return it with `count` more messages, which have the last places."""
        return replace(
            self,
            seq=self.seq + count,
            message_count=self.message_count + count,
            last_message_at=at,
            updated_at=at,
            revision=self.revision + 1,
        )

    def switch(self, persona_id: UUID | None, *, at: datetime) -> "Conversation":
        """Return it with another persona, and one more message, which says so."""
        return replace(self.take_places(1, at=at), persona_id=persona_id)


def title_of(text: str) -> str:
    """Return a title made of a message: its first words, on one line."""
    line = " ".join(text.split())
    if len(line) <= AUTO_TITLE_CHARS:
        return line
    cut = line[: AUTO_TITLE_CHARS - 1]
    return f"{cut.rpartition(' ')[0] or cut}…"
