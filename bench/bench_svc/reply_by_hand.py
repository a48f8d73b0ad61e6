"""A reply becomes a draft: nats-py and psycopg by hand, with the same promises as draft-svc.

Inbox, lease, outbox and atomic publication; batches of BATCH, no more layers. The offline writer's
strategy costs nothing, so neither keeps it before the body is written.
"""

import asyncio
import sys
from uuid import uuid4

import nats
import psycopg
import uvloop
from draft_svc.adapters.offline_writer import OfflineWriter
from draft_svc.domain.brief import Brief
from draft_svc.domain.reply import clean_reply
from draft_svc.domain.strategy import parse_strategy
from draft_svc.domain.text import finish_text
from nats.aio.client import Client
from persona_contracts import (
    DraftCreatedV1,
    LeadRepliedV1,
    Resolution,
    Usage,
    decode,
    encode_headers,
    subject_for,
)
from persona_model.voice import Voice
from psycopg.types.json import Jsonb
from service_kit.clock import utc_now
from service_kit.ids import new_id
from service_kit.publishing import Message, send_batch

BATCH = 100
VOICE = Voice(sender_name="Anna Berg", signature="Anna Berg\nAcme, Berlin")
_ACCEPT = """
with item as (
  select * from unnest(%s::text[], %s::text[], %s::text[], %s::uuid[], %s::jsonb[])
    as t (workspace_id, source, key, draft_id, reply)
), fresh as (
  insert into inbox (consumer, workspace_id, source, event_id)
  select 'by_hand', workspace_id, source, key from item on conflict do nothing returning event_id
)
insert into draft (draft_id, workspace_id, message_id, lead_id, channel, received_at, reply, status,
  due_at)
select draft_id, workspace_id, reply ->> 'message_id', reply ->> 'lead_id', reply ->> 'channel',
  (reply ->> 'received_at')::timestamptz, reply, 'queued', now()
from item join fresh on fresh.event_id = item.key on conflict do nothing
"""
_CLAIM = """
with due as (
  select draft_id from draft where due_at <= now() order by due_at limit %s for update skip locked
)
update draft set lease_token = %s, due_at = now() + interval '60 s', attempts = attempts + 1
from due where draft.draft_id = due.draft_id
returning draft.draft_id, draft.workspace_id, draft.reply
"""
_FINISH = """
with new as (
  select * from unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::uuid[], %s::jsonb[],
                       %s::bytea[], %s::text[])
    as t (draft_id, body, signature, text, event_id, headers, event, subject)
), stored as (
  update draft set status = 'ready', due_at = null, lease_token = null, body = new.body,
    generated_body = new.body, signature = new.signature, text = new.text, knowledge = 'none',
    model = 'offline', revision = revision + 1
  from new where draft.draft_id = new.draft_id and lease_token = %s
  returning draft.draft_id, draft.workspace_id
)
insert into outbox (workspace_id, stream, subject, event_id, headers, body)
select workspace_id, 'DRAFT', subject, event_id, headers, event
from new join stored using (draft_id)
"""
_MARK = "update outbox set published_at = now() where event_id = any(%s)"


async def main(database_url: str, nats_url: str) -> None:
    """Work until killed."""
    connection = await nats.connect(nats_url)
    await asyncio.gather(_accept(connection, database_url), _write(connection, database_url))


async def _accept(connection: Client, database_url: str) -> None:
    subscription = await connection.jetstream().pull_subscribe(
        "lead.replied.v1.*", durable="by_hand", stream="CRM"
    )
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as database:
        while True:
            try:
                batch = await subscription.fetch(BATCH, 1)
            except TimeoutError:
                continue
            items = [decode(LeadRepliedV1, m.subject, m.headers or {}, m.data) for m in batch]
            columns = [
                [item.workspace_id for item in items],
                [item.source for item in items],
                [item.event_id for item in items],
                [new_id() for _ in items],
                [Jsonb(item.event.model_dump(mode="json")) for item in items],
            ]
            await database.execute(_ACCEPT, columns)
            for message in batch:
                await message.ack()
            await database.execute("notify by_hand")


async def _write(connection: Client, database_url: str) -> None:
    connect = psycopg.AsyncConnection.connect
    async with (
        await connect(database_url, autocommit=True) as database,
        await connect(database_url, autocommit=True) as listening,
    ):
        await listening.execute("listen by_hand")
        print("ready", flush=True)
        while True:
            token = uuid4()
            cursor = await database.execute(_CLAIM, (BATCH, token))
            claimed = await cursor.fetchall()
            if not claimed:
                async for _ in listening.notifies(timeout=1, stop_after=1):
                    pass
                continue
            await _write_batch(connection, database, token, claimed)


async def _write_batch(
    connection: Client, database: psycopg.AsyncConnection, token: object, claimed: list[tuple]
) -> None:
    writer, plans, columns, messages = OfflineWriter(), [], [], []
    for draft_id, workspace_id, document in claimed:
        reply = LeadRepliedV1.model_validate(document)
        clean = clean_reply(
            body_text=reply.body_text,
            body_html=reply.body_html,
            raw_email=reply.raw_email,
            subject=reply.subject,
        )
        brief = Brief(
            voice=VOICE,
            channel=reply.channel.value,
            reply_text=clean.text,
            reply_subject=clean.subject,
            lead={"first_name": "Bo"},
        )
        text, _ = await writer.plan(brief)
        plans.append((draft_id, workspace_id, reply, brief, text))
    for draft_id, workspace_id, reply, brief, text in plans:
        written = await writer.write(brief, parse_strategy(text))
        finished = finish_text(
            channel=brief.channel, body=written.body, voice=brief.voice, lead=brief.lead
        )
        event = DraftCreatedV1(
            workspace_id=workspace_id,
            occurred_at=utc_now(),
            draft_id=draft_id,
            message_id=reply.message_id,
            lead_id=reply.lead_id,
            channel=reply.channel,
            text=finished.text,
            body=finished.body,
            signature=finished.signature,
            citations=[],
            resolution=Resolution(tier="default", reason="by hand", revision=1),
            model="offline",
            usage=Usage(input_tokens=0, output_tokens=0, cost_microusd=0),
            took_ms=0,
        )
        event_id = new_id()
        headers = encode_headers(
            event, event_id=str(event_id), source="urn:by-hand", time=event.occurred_at
        )
        body = event.model_dump_json().encode()
        columns.append(
            (draft_id, finished.body, finished.signature, finished.text, event_id, Jsonb(headers),
             body, subject_for(event))
        )  # fmt: skip
        messages.append(
            Message(
                subject=subject_for(event),
                body=body,
                headers={**headers, "Nats-Msg-Id": str(event_id)},
            )
        )
    by_column = [list(values) for values in zip(*columns, strict=True)]
    await database.execute(_FINISH, (*by_column, token))
    await send_batch(connection, messages)
    await database.execute(_MARK, (by_column[4],))


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
