"""Erase what a service keeps of a persona, a lead or a workspace: one shape for all (ADR 0017).

`persona.erased`, `lead.erased` or `workspace.erased` queues an erasure. The service's use case of
that name does it in steps, each a transaction that may be repeated: when a process dies, another
begins again. Then the row stays as a mark, without the id, for KEPT_DAYS: `not_erased` drops what
was sent before the erasure and arrives after it.
"""

import json
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

from persona_contracts import (
    Event,
    LeadErasedV1,
    PersonaErasedV1,
    Received,
    WorkspaceErasedV1,
)
from sqlalchemy import ARRAY, ColumnElement, String, bindparam, delete, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column
from structlog import get_logger

from service_kit.crash_points import crash_point
from service_kit.errors import ServiceError
from service_kit.events import Batch, EventRouter
from service_kit.ids import new_id
from service_kit.leases import Claim, Leased, Leases
from service_kit.store import Base, Session, Store, any_of, pair_of
from service_kit.work import Finish, WorkPool

KEPT_DAYS = 35
"""How long a mark stays at least: longer than the streams keep events. It goes with a later one."""
BATCH = 1_000
"""Rows that one transaction deletes."""
CONCURRENCY = 2
RETRY_DELAYS_SECONDS = (1, 5, 30, 60)
"""After the last of them it is tried once a minute: an erasure is never given up."""

log = get_logger(__name__)


class ErasureKind(StrEnum):
    """What is erased."""

    PERSONA = "persona"
    LEAD = "lead"
    WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """Erase the persona, lead or workspace `subject_id`, as far as it is older than `before`."""

    kind: ErasureKind
    workspace_id: str
    subject_id: str
    before: datetime


class ErasureRow(Leased):
    """An erasure to do, or the mark of one that is done."""

    __tablename__ = "erasure"

    erasure_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    key: Mapped[str]
    """SHA-256 of kind and id."""
    subject_id: Mapped[str | None]
    """None once it is erased."""
    before: Mapped[datetime]
    erased_at: Mapped[datetime | None]


LEASES = Leases(ErasureRow, lambda row: row)
Erase = Callable[[Erasure], Awaitable[None]]
Erased = PersonaErasedV1 | LeadErasedV1 | WorkspaceErasedV1
EventT = TypeVar("EventT", bound=Event)


def subscribe_erasures(events: EventRouter[Any], *models: type[Erased]) -> None:
    """Let the service queue the erasures that events of these types ask for.

    The durables are `on_persona_erased`, `on_lead_erased` and `on_workspace_erased`.
    """
    for model in models:
        durable = f"on_{model.event_type.replace('.', '_')}"
        events.subscriber(model, durable=durable)(_queue_erasures)


async def _queue_erasures(session: Session, batch: Batch[Erased], _: object) -> None:
    """Queue what these events ask for; one that was done, or is newer, is left alone."""
    for item in batch:
        await schedule(session, _erasure_of(item.event), traceparent=item.traceparent)


async def schedule(
    session: Session,
    erasure: Erasure,
    *,
    due_at: datetime | None = None,
    traceparent: str | None = None,
) -> None:
    """Queue an erasure for `due_at`, by default for now."""
    statement = insert(ErasureRow).values(
        erasure_id=new_id(),
        workspace_id=erasure.workspace_id,
        kind=erasure.kind,
        key=_key(erasure.kind, erasure.subject_id),
        subject_id=erasure.subject_id,
        before=erasure.before,
        due_at=due_at or func.now(),
        traceparent=traceparent,
    )
    new = statement.excluded
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["workspace_id", "key"],
            set_={
                "subject_id": new.subject_id,
                "before": new.before,
                "erased_at": None,
                "due_at": new.due_at,
                "lease_token": None,
                "attempts": 0,
                "deaths": 0,
                "traceparent": new.traceparent,
            },
            where=ErasureRow.before < new.before,
        )
    )
    await LEASES.wake_workers(session)


async def cancel(session: Session, workspace_id: str, kind: ErasureKind, subject_id: str) -> None:
    """Take back an erasure; whoever is about to do it loses its lease."""
    await session.execute(
        delete(ErasureRow).where(
            ErasureRow.workspace_id == workspace_id, ErasureRow.key == _key(kind, subject_id)
        )
    )


async def not_erased(
    session: Session, batch: Sequence[Received[EventT]], at: Callable[[EventT], datetime]
) -> list[Received[EventT]]:
    """Return the events of `batch` but those whose workspace, lead or persona was erased since.

    `at` tells when an event happened.
    """
    keys = {(item.workspace_id, key) for item in batch for key in _keys_of(item.event)}
    rows = await session.execute(
        select(ErasureRow.workspace_id, ErasureRow.key, ErasureRow.before).where(
            pair_of(ErasureRow.workspace_id, ErasureRow.key, keys)
        )
    )
    before = {(workspace_id, key): time for workspace_id, key, time in rows}
    if not before:
        return list(batch)

    def is_erased(item: Received[EventT]) -> bool:
        times = (before.get((item.workspace_id, key)) for key in _keys_of(item.event))
        return any(time is not None and at(item.event) <= time for time in times)

    return [item for item in batch if not is_erased(item)]


async def was_erased(
    session: Session, workspace_id: str, subjects: Mapping[ErasureKind, str], at: datetime
) -> bool:
    """Return whether what happened at `at` to these subjects, or their workspace, was erased since.

    It is for what does not come as an event; asked as a worker.
    """
    keys = [_key(kind, subject_id) for kind, subject_id in subjects.items()]
    found = await session.scalar(
        select(func.max(ErasureRow.before)).where(
            ErasureRow.workspace_id == workspace_id,
            any_of(ErasureRow.key, [_key(ErasureKind.WORKSPACE, workspace_id), *keys]),
        )
    )
    return found is not None and at <= found


async def delete_rows(store: Store, table: type[Base], *conditions: ColumnElement[bool]) -> None:
    """Delete the rows of `table` that meet all `conditions`, BATCH in a transaction."""
    key = table.__mapper__.primary_key
    some = select(*key).where(*conditions).order_by(*key).limit(BATCH).with_for_update()
    statement = (
        delete(table)
        .where(tuple_(*key).in_(some))
        .returning(key[0])
        .execution_options(synchronize_session=False)
    )
    while True:
        async with store.worker() as session:
            deleted = len((await session.scalars(statement)).all())
            crash_point("erase-before-commit")
        crash_point("erase-after-commit")
        if deleted < BATCH:
            return


async def erase_traces(session: Session, workspace_id: str, ids: Collection[str]) -> None:
    """Erase what the kit's own tables hold of the things with these ids.

    That is: events in the outbox, published or not; answers kept for `Idempotency-Key`; and ids of
    handled events that are made of them. The audit trail keeps who did what, but not to which.
    """
    named = {
        "workspace_id": workspace_id,
        "quoted": [json.dumps(i, ensure_ascii=False) for i in ids],
    }
    for statement in (_ERASE_OUTBOX, _ERASE_ANSWERS):
        await session.execute(statement, named)
    for statement in (_ERASE_INBOX, _BLANK_AUDIT):
        await session.execute(statement, {"workspace_id": workspace_id, "ids": list(ids)})


async def erase_all_traces(session: Session, workspace_id: str) -> None:
    """Erase everything that the kit's own tables hold of a workspace."""
    for table in ("outbox", "idempotency", "inbox", "audit"):
        await session.execute(
            text(f"delete from {table} where workspace_id = :workspace_id"),  # noqa: S608 — our own
            {"workspace_id": workspace_id},
        )


def erasing_pool(
    store: Store, *, persona: Erase | None = None, lead: Erase | None = None, workspace: Erase
) -> WorkPool[ErasureRow]:
    """Return the pool that does a service's erasures, given its use cases.

    A service that knows no personas, or no leads, gives none for them, and does not subscribe to
    their erasure.
    """
    known = {
        ErasureKind.PERSONA: persona,
        ErasureKind.LEAD: lead,
        ErasureKind.WORKSPACE: workspace,
    }
    work = _EraseWork({kind: erase for kind, erase in known.items() if erase is not None})
    return WorkPool(store, LEASES, work, concurrency=CONCURRENCY, retry_delays=RETRY_DELAYS_SECONDS)


class _EraseWork:
    """The work on one claimed erasure; it implements `service_kit.work.Work`."""

    def __init__(self, erase: dict[ErasureKind, Erase]) -> None:
        self._erase = erase

    async def do(self, claim: Claim[ErasureRow]) -> Finish:
        """Erase, and return how to leave the mark."""
        row = claim.item
        erasure = Erasure(
            kind=ErasureKind(row.kind),
            workspace_id=row.workspace_id,
            subject_id=row.subject_id or "",
            before=row.before,
        )
        await self._erase[erasure.kind](erasure)
        log.info("erasure.done", erasure_id=str(row.erasure_id), kind=row.kind)

        async def finish(session: Session) -> None:
            done = await session.get_one(ErasureRow, claim.item_id)
            done.subject_id, done.erased_at = None, func.now()  # pyright: ignore[reportAttributeAccessIssue] — the database's clock
            await session.execute(_FORGET_OLD_MARKS)

        return finish

    async def give_up(
        self, session: Session, claim: Claim[ErasureRow], error: ServiceError
    ) -> None:
        """Try again in a minute."""
        log.error("erasure.failed", erasure_id=str(claim.item_id), reason=error.slug)
        row = await session.get_one(ErasureRow, claim.item_id)
        row.due_at = func.now() + func.make_interval(0, 0, 0, 0, 0, 1)  # pyright: ignore[reportAttributeAccessIssue] — the database's clock
        row.attempts = row.deaths = 0


_FORGET_OLD_MARKS = delete(ErasureRow).where(
    ErasureRow.erased_at < func.now() - func.make_interval(0, 0, 0, KEPT_DAYS)
)
_OWN_ROWS = "where workspace_id = :workspace_id"
_NAMED = (
    "exists (select from unnest(:quoted) id where position(id in convert_from(body, 'UTF8')) > 0)"
)
_QUOTED = bindparam("quoted", type_=ARRAY(String))
_ERASE_OUTBOX = text(f"delete from outbox {_OWN_ROWS} and {_NAMED}").bindparams(_QUOTED)  # noqa: S608 — constants
_ERASE_ANSWERS = text(f"delete from idempotency {_OWN_ROWS} and {_NAMED}").bindparams(_QUOTED)  # noqa: S608 — constants
_ERASE_INBOX = text(
    f"delete from inbox {_OWN_ROWS} and exists (select from unnest(:ids) id"  # noqa: S608 — constants
    " where event_id = id or starts_with(event_id, id || '@'))"
).bindparams(bindparam("ids", type_=ARRAY(String)))

_BLANK_AUDIT = text(
    f"update audit set entity_id = 'erased', summary = null {_OWN_ROWS} and entity_id = any(:ids)"  # noqa: S608 — constants
).bindparams(bindparam("ids", type_=ARRAY(String)))


def _erasure_of(event: Erased) -> Erasure:
    match event:
        case PersonaErasedV1():
            kind, before = ErasureKind.PERSONA, event.occurred_at
        case LeadErasedV1():
            kind, before = ErasureKind.LEAD, event.erased_at
        case WorkspaceErasedV1():
            kind, before = ErasureKind.WORKSPACE, event.occurred_at
    return Erasure(
        kind=kind, workspace_id=event.workspace_id, subject_id=event.entity_id, before=before
    )


def _keys_of(event: Event) -> Iterator[str]:
    """Yield the key of everything whose erasure takes this event along."""
    yield _key(ErasureKind.WORKSPACE, event.workspace_id)
    for kind in (ErasureKind.LEAD, ErasureKind.PERSONA):
        subject_id = getattr(event, f"{kind}_id", None)
        if subject_id is not None:
            yield _key(kind, str(subject_id))


def _key(kind: ErasureKind, subject_id: str) -> str:
    return sha256(f"{kind}/{subject_id}".encode()).hexdigest()
