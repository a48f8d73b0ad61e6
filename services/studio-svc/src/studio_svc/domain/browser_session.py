"""Who sits before a browser."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from service_kit.errors import NotFoundError
from service_kit.identity import Principal, Role

LIFETIME: Final = timedelta(hours=12)
"""After it somebody signs in again: until then a role that was taken away may still be used."""
SEEN_EVERY: Final = timedelta(minutes=1)
MAX_USER_AGENT_CHARS: Final = 200


class SessionNotFoundError(NotFoundError):
    """There is no such session."""

    slug = "session-not-found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who has signed in."""

    workspace_id: str
    subject: str
    role: Role
    name: str | None = None
    email: str | None = None

    @property
    def principal(self) -> Principal:
        """The caller that services see."""
        return Principal(workspace_id=self.workspace_id, subject=self.subject, role=self.role)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSession:
    """A browser in which a person is signed in."""

    session_id: UUID
    person: Person
    user_agent: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
