"""An API key of a workspace; the key itself is shown once and never stored."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from service_kit.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError

MAX_KEYS = 1_000
"""Living keys of a workspace: every process of every service holds them in memory."""
DEFAULT_DAYS, MAX_DAYS = 90, 366


class KeyNotFoundError(NotFoundError):
    """This workspace has no such API key."""

    slug = "key-not-found"


class TooManyKeysError(ConflictError):
    """The workspace has as many API keys as it may have."""

    slug = "too-many-keys"


class KeyPersonasUnknownError(InvalidError):
    """The key would be limited to a persona that is not there."""

    slug = "key-personas-unknown"


class PersonNeededError(ForbiddenError):
    """API keys are made and revoked by people: a key cannot."""

    slug = "person-needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key, without what it opens with."""

    key_id: UUID
    workspace_id: str
    name: str
    role: str
    persona_ids: tuple[UUID, ...] | None
    """To which personas it is limited; None: it is for the whole workspace."""
    shown: str
    """Its beginning, by which people tell it from others."""
    digest: str | None
    """None: it is revoked."""
    created_by: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    revision: int = 1

    def revoke(self, *, at: datetime) -> "ApiKey":
        """Return the key as it opens nothing any more."""
        return replace(self, digest=None, revoked_at=at, revision=self.revision + 1)
