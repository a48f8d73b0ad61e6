"""Leads and e-mail addresses that must not be written to."""

from collections.abc import Collection, Mapping
from uuid import UUID

from service_kit.store import Session, any_of, pair_of
from sqlalchemy import ARRAY, Text, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from followup_svc.adapters.tables import LeadRow, LiftedSuppressionRow, SuppressionRow
from followup_svc.domain.address import fold_address
from followup_svc.domain.lead import (
    KnownLead,
    LeadKey,
    LiftedSuppression,
    Suppression,
    SuppressionNotFoundError,
)

_COLUMNS = ("suppression_id", "workspace_id", "lead_id", "reason", "created_by", "created_at")


async def suppressed(session: Session, leads: Mapping[LeadKey, KnownLead]) -> set[LeadKey]:
    """Return those leads that must not be written to: themselves, or their address."""
    address_of = {key: lead.address for key, lead in leads.items()}
    addresses = {address for address in address_of.values() if address is not None}
    columns = (SuppressionRow.workspace_id, SuppressionRow.lead_id, SuppressionRow.addresses)
    by_lead = select(*columns).where(
        pair_of(SuppressionRow.workspace_id, SuppressionRow.lead_id, leads)
    )
    by_address = select(*columns).where(
        any_of(SuppressionRow.workspace_id, {key.workspace_id for key in leads}),
        SuppressionRow.addresses.overlap(bindparam(None, sorted(addresses), ARRAY(Text))),
    )
    rows = await session.execute(by_lead.union_all(by_address))
    found = rows.all()
    forbidden = {(row.workspace_id, row.lead_id) for row in found}
    unwanted = {(row.workspace_id, address) for row in found for address in row.addresses}
    return {
        key
        for key, address in address_of.items()
        if key in forbidden or (key.workspace_id, address) in unwanted
    }


async def add_all(session: Session, suppressions: Collection[Suppression]) -> None:
    """Insert suppressions of locked leads; one that there is already stays as it is."""
    await session.execute(
        insert(SuppressionRow).on_conflict_do_nothing(index_elements=["workspace_id", "lead_id"]),
        [
            {
                **{name: getattr(suppression, name) for name in _COLUMNS},
                "addresses": list(suppression.addresses),
            }
            for suppression in suppressions
        ],
    )


async def learn_addresses(session: Session, keys: Collection[LeadKey]) -> None:
    """Add what is known now of the addresses of locked leads to their suppressions."""
    rows = await session.execute(
        select(SuppressionRow, LeadRow.profile["email"].astext)
        .join(
            LeadRow,
            (LeadRow.workspace_id == SuppressionRow.workspace_id)
            & (LeadRow.lead_id == SuppressionRow.lead_id),
        )
        .where(pair_of(SuppressionRow.workspace_id, SuppressionRow.lead_id, keys))
    )
    for row, email in rows:
        address = fold_address(email)
        if address is not None and address not in row.addresses:
            row.addresses = [*row.addresses, address]
    await session.flush()


async def get_all(session: Session, keys: Collection[LeadKey]) -> list[Suppression]:
    """Return the suppressions of those of `keys` that have one."""
    rows = await session.scalars(
        select(SuppressionRow).where(
            pair_of(SuppressionRow.workspace_id, SuppressionRow.lead_id, keys)
        )
    )
    return [_suppression(row) for row in rows]


async def find_of_address(session: Session, workspace_id: str, address: str) -> Suppression | None:
    """Return a suppression of a folded address, if there is one."""
    query = select(SuppressionRow).where(
        SuppressionRow.workspace_id == workspace_id, SuppressionRow.addresses.contains([address])
    )
    row = await session.scalar(query.order_by(SuppressionRow.suppression_id).limit(1))
    return None if row is None else _suppression(row)


async def page(
    session: Session,
    after: UUID | None,
    limit: int,
    *,
    lead_id: str | None = None,
    address: str | None = None,
) -> list[Suppression]:
    """Return up to `limit` suppressions of the workspace, newest first."""
    query = select(SuppressionRow).order_by(SuppressionRow.suppression_id.desc()).limit(limit)
    if lead_id is not None:
        query = query.where(SuppressionRow.lead_id == lead_id)
    if address is not None:
        query = query.where(SuppressionRow.addresses.contains([address]))
    if after is not None:
        query = query.where(SuppressionRow.suppression_id < after)
    return [_suppression(row) for row in await session.scalars(query)]


async def page_of_lifted(
    session: Session, after: UUID | None, limit: int
) -> list[LiftedSuppression]:
    """Return up to `limit` suppressions of the workspace that were lifted, newest first."""
    query = select(LiftedSuppressionRow).order_by(LiftedSuppressionRow.suppression_id.desc())
    if after is not None:
        query = query.where(LiftedSuppressionRow.suppression_id < after)
    return [
        LiftedSuppression(
            suppression=_suppression(row),
            reason=row.lift_reason,
            lifted_by=row.lifted_by,
            lifted_at=row.lifted_at,
        )
        for row in await session.scalars(query.limit(limit))
    ]


async def remove(session: Session, suppression_id: UUID) -> Suppression:
    """Delete a suppression; return what it was.

    Raises:
        SuppressionNotFoundError: this workspace has none with that id.
    """
    removed = await session.scalar(
        delete(SuppressionRow)
        .where(SuppressionRow.suppression_id == suppression_id)
        .returning(SuppressionRow)
    )
    if removed is None:
        raise SuppressionNotFoundError(f"no suppression {suppression_id}")
    return _suppression(removed)


async def keep_lifted(session: Session, lifted: LiftedSuppression) -> None:
    """Store what was lifted."""
    suppression = lifted.suppression
    session.add(
        LiftedSuppressionRow(
            **{name: getattr(suppression, name) for name in _COLUMNS},
            addresses=list(suppression.addresses),
            lift_reason=lifted.reason,
            lifted_by=lifted.lifted_by,
            lifted_at=lifted.lifted_at,
        )
    )
    await session.flush()


def _suppression(row: SuppressionRow | LiftedSuppressionRow) -> Suppression:
    return Suppression(
        suppression_id=row.suppression_id,
        workspace_id=row.workspace_id,
        lead_id=row.lead_id,
        addresses=tuple(row.addresses),
        reason=row.reason,
        created_by=row.created_by,
        created_at=row.created_at,
    )
