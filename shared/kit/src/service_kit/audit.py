"""The audit trail: who did what, in every service in one shape, in the transaction of the change.

A use case that knows more than its request tells `add_all`. For every other request that may change
something one row is written by itself: nobody has to think of it.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import String, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from service_kit.identity import Principal
from service_kit.ids import new_id
from service_kit.store import Base, OwnedByWorkspace, Session, database_now

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_TOLD = "audit_is_told"
_WORD = re.compile(r"[A-Z]?[a-z]+")
_VERSION = re.compile(r'"(\d{1,9})"')


class AuditRow(OwnedByWorkspace, Base):
    """Who did what, from which version to which."""

    __tablename__ = "audit"

    audit_id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    actor: Mapped[str]
    role: Mapped[str]
    action: Mapped[str]
    entity: Mapped[str]
    entity_id: Mapped[str]
    before_version: Mapped[int | None]
    after_version: Mapped[int | None]
    summary: Mapped[str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that one command changed."""

    audit_id: UUID
    workspace_id: str
    at: datetime
    actor: str
    role: str
    action: str
    entity: str
    """What kind of thing: `persona`, `draft`, `file`, or `workspace` for the whole."""
    entity_id: str
    before_version: int | None = None
    after_version: int | None = None
    summary: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries are asked for; None: all."""

    entity_id: str | None = None
    actor: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_FIELDS = tuple(item.name for item in fields(AuditEntry))


async def add_all(session: Session, entries: Iterable[AuditEntry]) -> None:
    """Store what a command did; its request adds nothing of itself any more."""
    rows = [asdict(entry) for entry in entries]
    if rows:
        await session.execute(insert(AuditRow), rows)
    session.info[_TOLD] = True


async def add_request(
    session: Session, request: Request, principal: Principal, response: Response | None
) -> None:
    """Store that a request has changed something, unless its use case has told so itself."""
    if session.info.get(_TOLD) or (response is not None and response.status_code >= 400):
        return
    entity, entity_id = _entity_of(request, principal, response)
    entry = AuditEntry(
        audit_id=new_id(),
        workspace_id=principal.workspace_id,
        at=await database_now(session),
        actor=principal.subject,
        role=principal.role,
        action=_action_of(request),
        entity=entity,
        entity_id=entity_id[:255],
        after_version=_version_of(response),
    )
    await add_all(session, [entry])


async def page(
    session: Session, workspace_id: str, asked: AuditFilter, after: UUID | None, limit: int
) -> list[AuditEntry]:
    """Return up to `limit` entries that are asked for, newest first."""
    query = (
        select(AuditRow)
        .where(AuditRow.workspace_id == workspace_id)
        .order_by(AuditRow.audit_id.desc())
        .limit(limit)
    )
    equal = {"entity_id": asked.entity_id, "actor": asked.actor, "action": asked.action}
    for name, value in equal.items():
        if value is not None:
            query = query.where(getattr(AuditRow, name) == value)
    if asked.since is not None:
        query = query.where(AuditRow.at >= asked.since)
    if asked.until is not None:
        query = query.where(AuditRow.at < asked.until)
    if after is not None:
        query = query.where(AuditRow.audit_id < after)
    return [_entry(row) for row in await session.scalars(query)]


def _entry(row: AuditRow) -> AuditEntry:
    values: dict[str, Any] = {name: getattr(row, name) for name in _FIELDS}
    return AuditEntry(**values)


def _action_of(request: Request) -> str:
    """Return `draft.approve` for the operation `approveDraft`."""
    route = request.scope["route"]
    verb, *noun = _WORD.findall(route.operation_id or route.name.replace("_", " ").title())
    return f"{'_'.join(noun).lower() or 'workspace'}.{verb.lower()}"


def _entity_of(
    request: Request, principal: Principal, response: Response | None
) -> tuple[str, str]:
    """Return what the address names last; of what was created, what its `Location` names."""
    location = response.headers.get("location") if response is not None else None
    if location is not None:
        *_, plural, entity_id = location.split("/")
        return plural.removesuffix("s"), entity_id
    for name, value in reversed(request.path_params.items()):
        if name.endswith("_id"):
            return name.removesuffix("_id"), str(value)
    return "workspace", principal.workspace_id


def _version_of(response: Response | None) -> int | None:
    tag = _VERSION.fullmatch(response.headers.get("etag", "")) if response is not None else None
    return int(tag[1]) if tag else None
