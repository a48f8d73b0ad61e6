"""Who did what, from which version to which."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One entity that one command changed."""

    audit_id: UUID
    workspace_id: str
    at: datetime
    actor: str
    role: str
    action: str
    entity: str
    """`persona`, `campaign`, `workspace` or `key`."""
    entity_id: str
    before_version: int | None
    after_version: int | None
    summary: str | None
