"""Statements that take out what is to be erased."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from persona_contracts import LeadRepliedV1
from service_kit.erasure import delete_rows
from service_kit.store import Session, Store
from sqlalchemy import ColumnElement, and_, select, text

from followup_svc.adapters.instances import names_persona
from followup_svc.adapters.tables import (
    CampaignRow,
    FollowupSettingsRow,
    InstanceDueRow,
    InstanceRow,
    LeadRow,
    LiftedSuppressionRow,
    PersonaMarkRow,
    SendRequestRow,
    SequenceRow,
    SequenceVersionRow,
    SuppressionRow,
)
from followup_svc.domain.address import fold_address
from followup_svc.domain.instance import LIVE
from followup_svc.domain.send_request import StepStatus

_BLANK = text(
    """
    update step set text = '', subject = null, resolution = '{}'
    where (instance_id, number) in (
      select instance_id, number from step
      where workspace_id = :workspace_id and resolution->>'persona_id' = :persona_id
      order by instance_id, number limit :count for update)
    returning instance_id
    """
)


async def open_instances_of_persona(
    session: Session, workspace_id: str, persona_id: UUID, limit: int
) -> Sequence[UUID]:
    """Return live instances that name a persona, or have an open request in its voice."""
    in_its_voice = select(SendRequestRow.step).where(
        SendRequestRow.instance_id == InstanceRow.instance_id,
        SendRequestRow.step == InstanceRow.step,
        SendRequestRow.status != StepStatus.SENT,
        SendRequestRow.resolution["persona_id"].astext == str(persona_id),
    )
    query = select(InstanceRow.instance_id).where(
        InstanceRow.workspace_id == workspace_id,
        InstanceRow.state.in_(LIVE),
        names_persona(persona_id) | in_its_voice.exists(),
    )
    return (await session.scalars(query.order_by(InstanceRow.instance_id).limit(limit))).all()


async def blank_requests(session: Session, workspace_id: str, persona_id: str, count: int) -> int:
    """Take what a persona wrote out of up to `count` requests; return how many there were."""
    blanked = await session.scalars(
        _BLANK, {"workspace_id": workspace_id, "persona_id": persona_id, "count": count}
    )
    return len(blanked.all())


async def ids_of_lead(session: Session, workspace_id: str, lead_id: str) -> list[str]:
    """Return the ids of a lead's instances, requests and known messages."""
    requests = (
        select(InstanceRow.instance_id, SendRequestRow.request_id)
        .outerjoin(SendRequestRow, SendRequestRow.instance_id == InstanceRow.instance_id)
        .where(InstanceRow.workspace_id == workspace_id, InstanceRow.lead_id == lead_id)
    )
    messages = select(
        LeadRow.first_message_id, LeadRow.last_message_id, LeadRow.last_email_id
    ).where(LeadRow.workspace_id == workspace_id, LeadRow.lead_id == lead_id)
    rows = [*await session.execute(requests), *await session.execute(messages)]
    return sorted({str(item) for row in rows for item in row if item is not None})


async def delete_lead(store: Store, workspace_id: str, lead_id: str, before: datetime) -> None:
    """Delete what is known of a lead, its suppressions, and its instances from before."""
    started = and_(
        InstanceRow.workspace_id == workspace_id,
        InstanceRow.lead_id == lead_id,
        InstanceRow.started_at <= before,
    )
    await _delete_instances(store, started)
    await _delete_learnt_addresses(store, workspace_id, lead_id)
    for table in (LeadRow, SuppressionRow, LiftedSuppressionRow):
        await delete_rows(
            store, table, table.workspace_id == workspace_id, table.lead_id == lead_id
        )


async def _delete_learnt_addresses(store: Store, workspace_id: str, lead_id: str) -> None:
    """Delete what bounces told of the lead's address; what people have suppressed stays."""
    async with store.worker() as session:
        email = await session.scalar(
            select(LeadRow.profile["email"].astext).where(
                LeadRow.workspace_id == workspace_id, LeadRow.lead_id == lead_id
            )
        )
    address = fold_address(email)
    for table in () if address is None else (SuppressionRow, LiftedSuppressionRow):
        await delete_rows(
            store,
            table,
            table.workspace_id == workspace_id,
            table.lead_id.is_(None),
            table.created_by == LeadRepliedV1.event_type,
            table.addresses.contains([address]),
        )


async def delete_workspace(store: Store, workspace_id: str) -> None:
    """Delete every row of a workspace."""
    await _delete_instances(store, InstanceRow.workspace_id == workspace_id)
    for table in (
        SequenceVersionRow,
        SequenceRow,
        LeadRow,
        SuppressionRow,
        LiftedSuppressionRow,
        CampaignRow,
        FollowupSettingsRow,
        PersonaMarkRow,
    ):
        await delete_rows(store, table, table.workspace_id == workspace_id)


async def _delete_instances(store: Store, chosen: ColumnElement[bool]) -> None:
    ids = select(InstanceRow.instance_id).where(chosen)
    for table in (SendRequestRow, InstanceDueRow):
        await delete_rows(store, table, table.instance_id.in_(ids))
    await delete_rows(store, InstanceRow, chosen)
