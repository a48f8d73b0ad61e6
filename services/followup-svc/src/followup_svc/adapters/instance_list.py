"""What the API shows of instances: one, a page of them, and what they are paused for."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from service_kit.store import Session, any_of
from sqlalchemy import func, select, text

from followup_svc.adapters.instances import InstanceRow, is_paused_for
from followup_svc.domain.instance import LIVE, InstanceNotFoundError, State


async def load(session: Session, instance_id: UUID) -> InstanceRow:
    """Return one instance.

    Raises:
        InstanceNotFoundError: this workspace has none with that id.
    """
    row = await session.get(InstanceRow, instance_id, populate_existing=True)
    if row is None:
        raise InstanceNotFoundError(f"no instance {instance_id}")
    return row


async def load_all(session: Session, instance_ids: Sequence[UUID]) -> list[InstanceRow]:
    """Return the instances with these ids, oldest first."""
    query = select(InstanceRow).where(any_of(InstanceRow.instance_id, instance_ids))
    return list(await session.scalars(query.order_by(InstanceRow.instance_id)))


async def page(
    session: Session,
    filters: Mapping[str, object],
    code: str | None,
    after: UUID | None,
    limit: int,
) -> list[InstanceRow]:
    """Return up to `limit` instances, newest first.

    They equal `filters` (column to value) and, if `code` is given, are paused for it.
    """
    query = select(InstanceRow).order_by(InstanceRow.instance_id.desc()).limit(limit)
    for column, value in filters.items():
        query = query.where(getattr(InstanceRow, column) == value)
    if code is not None:
        query = query.where(is_paused_for(code))
    if after is not None:
        query = query.where(InstanceRow.instance_id < after)
    return list(await session.scalars(query))


async def live_count(session: Session, sequence_id: UUID) -> int:
    """Return how many instances of a sequence are live."""
    query = select(func.count()).where(
        InstanceRow.sequence_id == sequence_id, InstanceRow.state.in_(LIVE)
    )
    return (await session.scalars(query)).one()


async def pause_groups(session: Session) -> list[tuple[str, int]]:
    """Return the codes that instances of the workspace are paused for, most frequent first."""
    code = func.jsonb_array_elements_text(InstanceRow.codes).table_valued("value").lateral()
    count = func.count()
    rows = await session.execute(
        select(code.c.value, count)
        .select_from(InstanceRow)
        .join(code, onclause=text("true"))
        .where(InstanceRow.state == State.PAUSED)
        .group_by(code.c.value)
        .order_by(count.desc(), code.c.value)
    )
    return [(value, number) for value, number in rows]
