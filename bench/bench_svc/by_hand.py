"""Consume, store, publish: a loop over nats-py and psycopg, as short as it can be."""

from collections.abc import Sequence

import nats
import psycopg
from nats.aio.msg import Msg
from persona_contracts import LeadRepliedV1, decode, encode_headers, subject_for
from psycopg.types.json import Jsonb
from service_kit.ids import new_id
from service_kit.publishing import Message, send_batch
from service_kit.topology import Durable

from bench_svc.by_kit import answer_to

FETCH = 100
FETCH_SECONDS = 5
_STORE = """
with item as (
  select * from unnest(%s::text[], %s::text[], %s::text[], %s::uuid[], %s::text[],
                       %s::text[], %s::uuid[], %s::jsonb[], %s::bytea[])
    as t (workspace_id, source, key, reply_id, message_id, subject, event_id, headers, body)
), fresh as (
  insert into inbox (consumer, workspace_id, source, event_id)
  select 'by_hand', workspace_id, source, key from item on conflict do nothing returning event_id
), stored as (
  insert into reply (reply_id, workspace_id, message_id)
  select reply_id, workspace_id, message_id from item join fresh on fresh.event_id = item.key
)
insert into outbox (workspace_id, stream, subject, event_id, headers, body)
select workspace_id, 'DRAFT', subject, item.event_id, headers, body
from item join fresh on fresh.event_id = item.key returning event_id
"""
_MARK = "update outbox set published_at = now() where event_id = any(%s)"


async def run_until_published(
    database_url: str, nats_url: str, durable: Durable, events: int, *, mark: bool
) -> None:
    """Handle `events` events; `mark` also notes in the outbox what was published."""
    connection = await nats.connect(nats_url)
    subscription = await connection.jetstream().pull_subscribe_bind(durable.name, durable.stream)
    async with await psycopg.AsyncConnection.connect(database_url) as database:
        done = 0
        while done < events:
            batch = await subscription.fetch(FETCH, FETCH_SECONDS)
            columns, messages = _prepare(batch)
            async with database.transaction():
                answer = await database.execute(_STORE, columns)
                stored = {row[0] for row in await answer.fetchall()}
            await send_batch(connection, [each for id_, each in messages.items() if id_ in stored])
            if mark:
                async with database.transaction():
                    await database.execute(_MARK, [list(stored)])
            for message in batch:
                await message.ack()
            done += len(batch)
    await connection.drain()


def _prepare(batch: Sequence[Msg]) -> tuple[list[list[object]], dict[object, Message]]:
    """Return the columns to store and the messages to publish, by event id."""
    rows: list[tuple[object, ...]] = []
    messages: dict[object, Message] = {}
    for message in batch:
        item = decode(LeadRepliedV1, message.subject, message.headers or {}, message.data)
        event = answer_to(item)
        event_id = new_id()
        headers = encode_headers(
            event, event_id=str(event_id), source="urn:dramatis:bench", time=event.occurred_at
        )
        subject, body = subject_for(event), event.model_dump_json().encode()
        messages[event_id] = Message(
            subject=subject, body=body, headers={**headers, "Nats-Msg-Id": str(event_id)}
        )
        key = (item.workspace_id, item.source, item.event_id)
        row = (new_id(), item.event.message_id, subject, event_id, Jsonb(headers), body)
        rows.append(key + row)
    return [list(values) for values in zip(*rows, strict=True)], messages
