"""Consume, store, publish: with the kit."""

import asyncio
from collections.abc import Sequence

from persona_client import NatsAddress
from persona_contracts import DraftRejectedV1, LeadRepliedV1, Received
from service_devkit.testing.waiting import wait_until
from service_kit.broker import Broker
from service_kit.clock import utc_now
from service_kit.events import Batch, EventRouter
from service_kit.ids import new_id
from service_kit.outbox import publish
from service_kit.relay import Outbox, Relay
from service_kit.store import Session, Store
from service_kit.topology import Durable
from service_kit.wakeups import OUTBOX_CHANNEL, Wakeups
from sqlalchemy import String, Uuid, column, insert, table

SERVICE = "bench-svc"
TIMEOUT_SECONDS = 120
_REPLY = table(
    "reply", column("reply_id", Uuid), column("workspace_id", String), column("message_id", String)
)


events = EventRouter[None](SERVICE)


@events.subscriber(LeadRepliedV1, durable="on_replied")
async def on_replied(session: Session, batch: Batch[LeadRepliedV1], _: None) -> None:
    """Store a row and publish an event per reply."""
    rows = [
        {
            "reply_id": new_id(),
            "workspace_id": item.workspace_id,
            "message_id": item.event.message_id,
        }
        for item in batch
    ]
    await session.execute(insert(_REPLY), rows)
    await publish(session, *(answer_to(item) for item in batch))


def answer_to(item: Received[LeadRepliedV1]) -> DraftRejectedV1:
    """Return the event that is published for a reply."""
    return DraftRejectedV1(
        workspace_id=item.workspace_id,
        occurred_at=utc_now(),
        draft_id=new_id(),
        message_id=item.event.message_id,
        decided_by="bench",
    )


class KitProcess:
    """The parts of a service between the broker and its database."""

    def __init__(self, database_url: str, nats_url: str) -> None:
        self._store = Store(database_url, SERVICE, pool_size=5)
        self._broker = Broker(NatsAddress.parse(nats_url), self._store)
        self._broker.include_events(events, deps=None)
        self.durables: Sequence[Durable] = self._broker.durables

    async def run_until_published(self, events: int) -> None:
        """Start, and stop when the stream DRAFT holds `events` events."""
        wakeups = Wakeups(self._store, OUTBOX_CHANNEL)
        relay = Relay(self._store, self._broker.publishing, [Outbox()])
        await self._broker.start()
        await self._broker.consume()
        tasks = [
            asyncio.create_task(wakeups.run()),
            asyncio.create_task(relay.run(wakeups.subscribe(OUTBOX_CHANNEL))),
        ]

        async def all_published() -> bool:
            return (await self._broker.js.stream_info("DRAFT")).state.messages >= events

        await wait_until(all_published, TIMEOUT_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Disconnect."""
        await self._broker.stop()
        await self._store.close()
