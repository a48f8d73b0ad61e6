"""What is known of leads, and those that must not be written to."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from persona_contracts import Channel, Lead, LeadRepliedV1
from service_kit.errors import NotFoundError
from service_kit.ids import new_id
from service_kit.store import Base, OwnedByWorkspace, Session, pair_of
from sqlalchemy import ARRAY, JSON, String, bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from followup_svc.domain.message import LastMessage

Key = tuple[str, str]
"""A workspace and one of its leads."""


class SuppressionNotFoundError(NotFoundError):
    """There is no such suppression in this workspace."""

    slug = "suppression-not-found"


class LeadRow(OwnedByWorkspace, Base):
    """A lead, as the CRM last told us."""

    __tablename__ = "lead"

    workspace_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    lead_id: Mapped[str] = mapped_column(primary_key=True)
    profile: Mapped[dict[str, Any]] = mapped_column(default=dict)
    profile_at: Mapped[datetime | None]
    campaign_id: Mapped[str | None]
    campaign_at: Mapped[datetime | None]
    """When the campaign was named: an earlier word, though it comes later, does not replace it."""
    first_message_id: Mapped[str | None]
    last_message_id: Mapped[str | None]
    last_reply_at: Mapped[datetime | None]
    last_email_id: Mapped[str | None]
    last_email_subject: Mapped[str | None]


class SuppressionRow(OwnedByWorkspace, Base):
    """A lead that must not be written to."""

    __tablename__ = "suppression"

    suppression_id: Mapped[UUID] = mapped_column(primary_key=True)
    lead_id: Mapped[str]
    reason: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLead:
    """A lead as templates see it."""

    profile: Mapping[str, Any]
    campaign_id: str | None
    last_email: LastMessage | None


NOBODY = KnownLead(profile={}, campaign_id=None, last_email=None)

_LOCK = text(
    "insert into lead (workspace_id, lead_id) select * from unnest(:workspace_ids, :lead_ids)"
    " on conflict (workspace_id, lead_id) do update set lead_id = excluded.lead_id"
    " returning workspace_id, lead_id, first_message_id, last_message_id"
).bindparams(*(bindparam(name, type_=ARRAY(String)) for name in ("workspace_ids", "lead_ids")))
_REFRESH = text(
    """
    update lead set
      profile = case when new.profile_at >= coalesce(lead.profile_at, new.profile_at)
        then lead.profile || cast(new.profile as jsonb) else cast(new.profile as jsonb)
        || lead.profile end,
      profile_at = greatest(lead.profile_at, new.profile_at),
      campaign_id = case when new.campaign_id is not null
        and new.profile_at >= coalesce(lead.campaign_at, new.profile_at)
        then new.campaign_id else lead.campaign_id end,
      campaign_at = case when new.campaign_id is null then lead.campaign_at
        else greatest(lead.campaign_at, new.profile_at) end
    from json_to_recordset(:rows) as new(
      workspace_id text, lead_id text, profile json, profile_at timestamptz, campaign_id text)
    where lead.workspace_id = new.workspace_id and lead.lead_id = new.lead_id
    """
).bindparams(bindparam("rows", type_=JSON))
_NOTE_REPLIES = text(
    """
    update lead set
      first_message_id = coalesce(lead.first_message_id, new.message_id),
      last_message_id = new.message_id,
      last_reply_at = new.received_at,
      last_email_id = coalesce(new.email_id, lead.last_email_id),
      last_email_subject = case when new.email_id is null then lead.last_email_subject
        else new.email_subject end
    from json_to_recordset(:rows) as new(
      workspace_id text, lead_id text, message_id text, received_at timestamptz,
      email_id text, email_subject text)
    where lead.workspace_id = new.workspace_id and lead.lead_id = new.lead_id
      and (lead.last_reply_at is null or lead.last_reply_at <= new.received_at)
    """
).bindparams(bindparam("rows", type_=JSON))


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """Which replies of a lead were known before."""

    first_message_id: str | None
    last_message_id: str | None


async def lock(session: Session, wanted: Collection[Key]) -> Mapping[Key, Replies]:
    """Lock leads, unknown ones too, so that starts and replies see each other."""
    ordered = sorted(set(wanted))
    rows = await session.execute(
        _LOCK,
        {
            "workspace_ids": [workspace_id for workspace_id, _ in ordered],
            "lead_ids": [lead_id for _, lead_id in ordered],
        },
    )
    return {
        (row.workspace_id, row.lead_id): Replies(
            first_message_id=row.first_message_id, last_message_id=row.last_message_id
        )
        for row in rows
    }


async def refresh(
    session: Session, known: Sequence[tuple[Key, Lead, datetime, str | None]]
) -> None:
    """Keep what is said of locked leads: (lead, its fields, when, its campaign).

    A field that is not said keeps its value; one that is said as null loses it. Of two values, also
    of two campaigns, the one that was said later stays.
    """
    rows = [
        {
            "workspace_id": workspace_id,
            "lead_id": lead_id,
            "profile": lead.model_dump(mode="json", exclude_unset=True),
            "profile_at": said_at,
            "campaign_id": campaign_id,
        }
        for (workspace_id, lead_id), lead, said_at, campaign_id in known
    ]
    for each in _rounds(rows):
        await session.execute(_REFRESH, {"rows": each})


async def note_replies(session: Session, replies: Sequence[LeadRepliedV1]) -> None:
    """Remember the newest message of locked leads; of e-mails also what to answer to."""
    rows = [
        {
            "workspace_id": reply.workspace_id,
            "lead_id": reply.lead_id,
            "message_id": reply.message_id,
            "received_at": reply.received_at,
            "email_id": reply.message_id if reply.channel is Channel.EMAIL else None,
            "email_subject": reply.subject if reply.channel is Channel.EMAIL else None,
        }
        for reply in sorted(replies, key=lambda reply: reply.received_at)
    ]
    for each in _rounds(rows):
        await session.execute(_NOTE_REPLIES, {"rows": each})


def _rounds(rows: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Give the first row of every lead, then the second …: an update takes one row of a lead."""
    numbered = Counter[Key]()
    rounds: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        key = (row["workspace_id"], row["lead_id"])
        rounds.setdefault(numbered[key], []).append(row)
        numbered[key] += 1
    yield from rounds.values()


async def get(session: Session, wanted: Collection[Key]) -> Mapping[Key, KnownLead]:
    """Return those of `wanted` that are known."""
    rows = await session.execute(
        select(
            LeadRow.workspace_id,
            LeadRow.lead_id,
            LeadRow.profile,
            LeadRow.campaign_id,
            LeadRow.last_email_id,
            LeadRow.last_email_subject,
        ).where(pair_of(LeadRow.workspace_id, LeadRow.lead_id, wanted))
    )
    return {
        (row.workspace_id, row.lead_id): KnownLead(
            profile=row.profile,
            campaign_id=row.campaign_id,
            last_email=LastMessage(message_id=row.last_email_id, subject=row.last_email_subject)
            if row.last_email_id
            else None,
        )
        for row in rows
    }


async def suppressed(session: Session, wanted: Collection[Key]) -> set[Key]:
    """Return those of `wanted` that must not be written to."""
    rows = await session.execute(
        select(SuppressionRow.workspace_id, SuppressionRow.lead_id).where(
            pair_of(SuppressionRow.workspace_id, SuppressionRow.lead_id, wanted)
        )
    )
    return {(workspace_id, lead_id) for workspace_id, lead_id in rows}


async def suppress(session: Session, wanted: Sequence[Key], reason: str, created_by: str) -> None:
    """Put locked leads onto the suppression list of their workspace; twice is once."""
    rows = [
        {
            "suppression_id": new_id(),
            "workspace_id": workspace_id,
            "lead_id": lead_id,
            "reason": reason,
            "created_by": created_by,
        }
        for workspace_id, lead_id in sorted(set(wanted))
    ]
    await session.execute(
        insert(SuppressionRow).on_conflict_do_nothing(index_elements=["workspace_id", "lead_id"]),
        rows,
    )


async def suppression_of(session: Session, key: Key) -> SuppressionRow:
    """Return the suppression of a lead, which must be there."""
    query = select(SuppressionRow).where(
        SuppressionRow.workspace_id == key[0], SuppressionRow.lead_id == key[1]
    )
    return (await session.scalars(query)).one()


async def page_of_suppressions(
    session: Session, lead_id: str | None, after: UUID | None, limit: int
) -> list[SuppressionRow]:
    """Return up to `limit` suppressions of the workspace, newest first."""
    query = select(SuppressionRow).order_by(SuppressionRow.suppression_id.desc()).limit(limit)
    if lead_id is not None:
        query = query.where(SuppressionRow.lead_id == lead_id)
    if after is not None:
        query = query.where(SuppressionRow.suppression_id < after)
    return list(await session.scalars(query))


async def unsuppress(session: Session, suppression_id: UUID) -> None:
    """Take a lead off the list.

    Raises:
        SuppressionNotFoundError: this workspace has no such suppression.
    """
    gone = await session.scalar(
        delete(SuppressionRow)
        .where(SuppressionRow.suppression_id == suppression_id)
        .returning(SuppressionRow.suppression_id)
    )
    if gone is None:
        raise SuppressionNotFoundError(f"no suppression {suppression_id}")
