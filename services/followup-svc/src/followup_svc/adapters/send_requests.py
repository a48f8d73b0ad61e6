"""Steps that were requested from the CRM, and what it answered."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.store import Session, any_of, pair_of
from sqlalchemy import JSON, Row, bindparam, select, text

from followup_svc.adapters.instances import COLUMNS as INSTANCE_COLUMNS
from followup_svc.adapters.instances import instance_of
from followup_svc.adapters.tables import InstanceRow, SendRequestRow
from followup_svc.domain.instance import Instance
from followup_svc.domain.message import Message
from followup_svc.domain.send_request import Failure, SendRequest, StepStatus

_KEY = (SendRequestRow.workspace_id, SendRequestRow.instance_id)
_COLUMNS = (
    SendRequestRow.request_id,
    SendRequestRow.step.label("requested_step"),
    SendRequestRow.attempt,
    SendRequestRow.status,
    SendRequestRow.channel,
    SendRequestRow.subject,
    SendRequestRow.text,
    SendRequestRow.in_reply_to,
    SendRequestRow.resolution,
    SendRequestRow.event_id,
    SendRequestRow.requested_at,
    SendRequestRow.sent_at,
    SendRequestRow.provider_message_id,
    SendRequestRow.error,
    SendRequestRow.failures,
)
_SAVE = text(
    """
    insert into step (instance_id, number, workspace_id, request_id, attempt, status, channel,
      subject, text, in_reply_to, resolution, event_id, requested_at)
    select instance_id, step, workspace_id, request_id, attempt, status, channel, subject, text,
      in_reply_to, resolution, event_id, requested_at
    from json_to_recordset(:rows) as new(
      instance_id uuid, step int, workspace_id text, request_id uuid, attempt int, status text,
      channel text, subject text, text text, in_reply_to text, resolution jsonb, event_id uuid,
      requested_at timestamptz)
    on conflict (instance_id, number) do update set attempt = excluded.attempt,
      status = excluded.status, event_id = excluded.event_id,
      requested_at = excluded.requested_at, error = null
    """
).bindparams(bindparam("rows", type_=JSON))
_SAVE_RESULTS = text(
    """
    update step set status = new.status, sent_at = new.sent_at, error = new.error,
      provider_message_id = new.provider_message_id, failures = new.failures
    from json_to_recordset(:rows) as new(
      instance_id uuid, step int, status text, sent_at timestamptz, provider_message_id text,
      error text, failures jsonb)
    where step.instance_id = new.instance_id and step.number = new.step
    """
).bindparams(bindparam("rows", type_=JSON))


async def save_all(session: Session, requests: Collection[SendRequest]) -> None:
    """Store requests that are published, each for the first time or at its next attempt."""
    rows = [
        {
            "instance_id": request.instance_id,
            "step": request.step,
            "workspace_id": request.workspace_id,
            "request_id": request.request_id,
            "attempt": request.attempt,
            "status": request.status,
            "channel": request.channel,
            "subject": request.message.subject,
            "text": request.message.text,
            "in_reply_to": request.message.in_reply_to,
            "resolution": request.resolution,
            "event_id": request.event_id,
            "requested_at": request.requested_at,
        }
        for request in requests
    ]
    if rows:
        await session.execute(_SAVE, {"rows": rows})


async def save_results(session: Session, requests: Collection[SendRequest]) -> None:
    """Store what became of locked requests."""
    rows = [
        {
            "instance_id": request.instance_id,
            "step": request.step,
            "status": request.status,
            "sent_at": request.sent_at,
            "provider_message_id": request.provider_message_id,
            "error": request.error,
            "failures": request.failures,
        }
        for request in requests
    ]
    if rows:
        await session.execute(_SAVE_RESULTS, {"rows": rows})


async def get_current(
    session: Session, instances: Collection[Instance]
) -> Mapping[UUID, SendRequest]:
    """Return the requests of the current steps of locked instances, by instance."""
    steps = {(instance.instance_id, instance.step) for instance in instances}
    rows = await session.execute(
        select(*_KEY, *_COLUMNS).where(
            pair_of(SendRequestRow.instance_id, SendRequestRow.step, steps)
        )
    )
    return {row.instance_id: _request(row) for row in rows}


async def lock_all(
    session: Session, request_ids: Collection[UUID]
) -> list[tuple[SendRequest, Instance]]:
    """Lock the requests with these ids and their instances; return them as they are now."""
    rows = await session.execute(
        select(*_COLUMNS, *INSTANCE_COLUMNS)
        .join_from(
            SendRequestRow, InstanceRow, SendRequestRow.instance_id == InstanceRow.instance_id
        )
        .where(any_of(SendRequestRow.request_id, request_ids))
        .order_by(InstanceRow.instance_id)
        .with_for_update(of=[InstanceRow, SendRequestRow])
    )
    return [(_request(row), instance_of(row)) for row in rows]


async def of_instance(session: Session, instance_id: UUID) -> list[SendRequest]:
    """Return the requests of an instance, in the order of its steps."""
    rows = await session.execute(
        select(*_KEY, *_COLUMNS)
        .where(SendRequestRow.instance_id == instance_id)
        .order_by(SendRequestRow.step)
    )
    return [_request(row) for row in rows]


def _request(row: Row[*tuple[Any, ...]]) -> SendRequest:
    return SendRequest(
        request_id=row.request_id,
        workspace_id=row.workspace_id,
        instance_id=row.instance_id,
        step=row.requested_step,
        attempt=row.attempt,
        status=StepStatus(row.status),
        channel=row.channel,
        message=Message(subject=row.subject, text=row.text, in_reply_to=row.in_reply_to),
        resolution=row.resolution,
        event_id=row.event_id,
        requested_at=row.requested_at,
        sent_at=row.sent_at,
        provider_message_id=row.provider_message_id,
        error=row.error,
        failures=tuple(_failure(**failure) for failure in row.failures),
    )


def _failure(*, attempt: int, error: str, at: str) -> Failure:
    return Failure(attempt=attempt, error=error, at=datetime.fromisoformat(at))
