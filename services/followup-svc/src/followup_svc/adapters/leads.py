"""What is known of leads."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Any

from persona_contracts import Channel, LeadRepliedV1
from service_kit.store import Session, pair_of
from sqlalchemy import ARRAY, JSON, String, any_, bindparam, func, select, text

from followup_svc.adapters.tables import LeadRow
from followup_svc.domain.lead import KnownLead, KnownReplies, LeadKey, LeadUpdate
from followup_svc.domain.message import LastMessage

_LOCK = text(
    "insert into lead (workspace_id, lead_id) select * from unnest(:workspace_ids, :lead_ids)"
    " on conflict (workspace_id, lead_id) do update set lead_id = excluded.lead_id"
    " returning workspace_id, lead_id, first_message_id, last_message_id, last_reply_at"
).bindparams(*(bindparam(name, type_=ARRAY(String)) for name in ("workspace_ids", "lead_ids")))
_UPDATE = text(
    """
    update lead set
      profile = case when new.profile_at >= coalesce(known.profile_at, new.profile_at)
        then lead.profile || cast(new.profile as jsonb) else cast(new.profile as jsonb)
        || lead.profile end,
      profile_at = greatest(known.profile_at, new.profile_at),
      campaign_id = case when new.campaign_id is not null
        and new.profile_at >= coalesce(known.campaign_at, new.profile_at)
        then new.campaign_id else lead.campaign_id end,
      campaign_at = case when new.campaign_id is null then known.campaign_at
        else greatest(known.campaign_at, new.profile_at) end
    from json_to_recordset(:rows) as new(
      workspace_id text, lead_id text, profile json, profile_at timestamptz, campaign_id text)
    join lead as old using (workspace_id, lead_id)
    cross join lateral (select
      case when old.profile_at <= clock_timestamp() then old.profile_at end as profile_at,
      case when old.campaign_at <= clock_timestamp() then old.campaign_at end as campaign_at
    ) as known
    where lead.workspace_id = new.workspace_id and lead.lead_id = new.lead_id
    """
).bindparams(bindparam("rows", type_=JSON))
"""A time of the future is no time: older releases stored what a CRM's clock said."""
_RECORD_REPLIES = text(
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
      and (lead.last_reply_at is null or lead.last_reply_at <= new.received_at
        or lead.last_reply_at > clock_timestamp())
    """
).bindparams(bindparam("rows", type_=JSON))


async def lock_all(session: Session, keys: Collection[LeadKey]) -> Mapping[LeadKey, KnownReplies]:
    """Lock leads, unknown ones too, so that starts and replies see each other."""
    ordered = sorted(set(keys))
    rows = await session.execute(
        _LOCK,
        {
            "workspace_ids": [key.workspace_id for key in ordered],
            "lead_ids": [key.lead_id for key in ordered],
        },
    )
    return {
        LeadKey(row.workspace_id, row.lead_id): KnownReplies(
            first_message_id=row.first_message_id,
            last_message_id=row.last_message_id,
            last_reply_at=row.last_reply_at,
        )
        for row in rows
    }


async def update_all(session: Session, updates: Iterable[LeadUpdate]) -> None:
    """Store what is told of locked leads: of two values, the later one stays."""
    rows = [
        {
            "workspace_id": update.key.workspace_id,
            "lead_id": update.key.lead_id,
            "profile": update.fields,
            "profile_at": update.at,
            "campaign_id": update.campaign_id,
        }
        for update in updates
    ]
    for each in _rounds(rows):
        await session.execute(_UPDATE, {"rows": each})


async def record_replies(
    session: Session, replies: Iterable[tuple[datetime, LeadRepliedV1]]
) -> None:
    """Store the newest message of locked leads, each with its time; of e-mails what to answer."""
    rows = [
        {
            "workspace_id": reply.workspace_id,
            "lead_id": reply.lead_id,
            "message_id": reply.message_id,
            "received_at": at,
            "email_id": reply.message_id if reply.channel is Channel.EMAIL else None,
            "email_subject": reply.subject if reply.channel is Channel.EMAIL else None,
        }
        for at, reply in sorted(replies, key=itemgetter(0))
    ]
    for each in _rounds(rows):
        await session.execute(_RECORD_REPLIES, {"rows": each})


async def of_addresses(
    session: Session, workspace_id: str, addresses: Collection[str]
) -> set[LeadKey]:
    """Return the leads of a workspace that have one of these folded addresses."""
    if not addresses:
        return set()
    rows = await session.execute(
        select(LeadRow.workspace_id, LeadRow.lead_id).where(
            LeadRow.workspace_id == workspace_id,
            func.lower(LeadRow.profile["email"].astext)
            == any_(bindparam("addresses", list(addresses), ARRAY(String))),
        )
    )
    return {LeadKey(workspace, lead_id) for workspace, lead_id in rows}


def _rounds(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Yield the first row of every lead, then the second …: an update takes one row of a lead."""
    numbered = Counter[LeadKey]()
    rounds: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        key = LeadKey(row["workspace_id"], row["lead_id"])
        rounds.setdefault(numbered[key], []).append(row)
        numbered[key] += 1
    yield from rounds.values()


async def get_all(session: Session, keys: Collection[LeadKey]) -> Mapping[LeadKey, KnownLead]:
    """Return those of `keys` that are known."""
    rows = await session.execute(
        select(
            LeadRow.workspace_id,
            LeadRow.lead_id,
            LeadRow.profile,
            LeadRow.campaign_id,
            LeadRow.last_email_id,
            LeadRow.last_email_subject,
        ).where(pair_of(LeadRow.workspace_id, LeadRow.lead_id, keys))
    )
    return {
        LeadKey(row.workspace_id, row.lead_id): KnownLead(
            profile=row.profile,
            campaign_id=row.campaign_id,
            last_email=LastMessage(message_id=row.last_email_id, subject=row.last_email_subject)
            if row.last_email_id
            else None,
        )
        for row in rows
    }
