"""What becomes of an event: the decisions of every consumer, in this one place.

| what happens | then |
|---|---|
| malformed, or of another workspace than its subject | parked at once, with the reason |
| refused: the handler raises a ServiceError below 500 | parked at once, with its slug |
| a bug: it raises anything else | again after 2, 4, 8 … s; parked at delivery BUG_DELIVERIES |
| upstream: it raises an UpstreamError | again after 2, 4, 8 … 300 s; see "given up" |
| away: the database cannot be reached | kept until it answers, then delivered again |
| death: the process ends before the ack | delivered again after ack_wait; handled once (inbox) |
| given up: delivered `Durable.max_deliver` times | parked when the server's advisory comes |

A batch is one transaction. One that fails for another reason than `away` is taken apart, and each
of its events is decided on alone: a bad one costs no other. Parked events are on the stream DEAD
(`dramatis dead`); why batches and inbox are made by hand is in ADR 0006.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Generic

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from opentelemetry import propagate, trace
from persona_contracts import EnvelopeError, Received, decode
from prometheus_client import Counter
from sqlalchemy import text
from structlog import get_logger

from service_kit import inbox
from service_kit.crash_points import crash_point
from service_kit.dead_letters import park
from service_kit.errors import ServiceError, UpstreamError
from service_kit.events import DepsT, EventT, Subscription
from service_kit.fast_lane import StoredEvent
from service_kit.metrics import replaced_characters_total
from service_kit.store import Store, is_away

BUG_DELIVERIES = 5
"""How often an event that makes the handler fail is tried before it is parked."""
LONGEST_DELAY_SECONDS = 300

log = get_logger(__name__)
tracer = trace.get_tracer(__name__)
OUTCOMES = ("handled", "repeated", "retried", "parked")
handled_total = Counter(
    "dramatis_events_total", "Events by what became of them.", ["consumer", "outcome"]
)


class Consumer(Generic[EventT, DepsT]):
    """Decides for each message: handled, again later, or parked."""

    def __init__(
        self,
        subscription: Subscription[EventT, DepsT],
        store: Store,
        connection: Client,
        deps: DepsT,
    ) -> None:
        self.durable = subscription.durable
        self._subscription = subscription
        self._store = store
        self._connection = connection
        self._deps = deps
        self._counted = {
            outcome: handled_total.labels(self.durable.name, outcome) for outcome in OUTCOMES
        }

    async def consume(self, messages: Sequence[Msg]) -> None:
        """Handle a batch; nothing that one message is or does hurts the others."""
        batch = [item for msg in messages if (item := await self._decode(msg)) is not None]
        if not batch:
            return
        try:
            await self._handle(batch)
        except Exception as error:  # noqa: BLE001 — every cause has its decision below
            if is_away(error):
                await self._wait_for_store(batch, error)
            elif len(batch) == 1:
                await self._refuse(batch[0], error)
            else:
                for item in batch:
                    await self.consume([item[0]])

    async def handle_ahead(self, stored: Sequence[StoredEvent]) -> None:
        """Handle, of events that the durable has not come to, those that can be handled now.

        It decides on all of them in their turn, and finds what was handled in the inbox.
        """
        batch = list[tuple[StoredEvent, Received[EventT]]]()
        for item in stored:
            with suppress(EnvelopeError):
                batch.append((item, self._read(item, item.stored_at)))
        try:
            if batch:
                self._count(await self._store_batch(batch), len(batch))
        except Exception as error:  # noqa: BLE001 — its turn will come
            if len(batch) > 1 and not is_away(error):
                for item, _ in batch:
                    await self.handle_ahead([item])

    async def handle_again(self, stored: StoredEvent) -> bool:
        """Handle an event that was parked; False: it was handled before.

        Raises:
            EnvelopeError: it is malformed.
            Exception: what the handler raises; nothing was changed then.
        """
        fresh = await self._store_batch([(stored, self._read(stored, stored.stored_at))])
        self._count(fresh, 1)
        return fresh == 1

    async def _decode(self, msg: Msg) -> tuple[Msg, Received[EventT]] | None:
        try:
            event = self._read(msg, msg.metadata.timestamp)
        except EnvelopeError as error:
            await self._park(msg, error.reason, str(error))
            return None
        if event.replaced_characters:
            replaced_characters_total.labels(self.durable.name).inc(event.replaced_characters)
        return msg, event

    def _read(self, msg: Msg | StoredEvent, arrived_at: datetime) -> Received[EventT]:
        event = decode(self._subscription.model, msg.subject, msg.headers or {}, msg.data)
        return replace(event, arrived_at=arrived_at)

    async def _handle(self, batch: Sequence[tuple[Msg, Received[EventT]]]) -> None:
        fresh = await self._store_batch(batch)
        crash_point("consumer-before-ack")
        for msg, _ in batch:
            await msg.ack()
        self._count(fresh, len(batch))

    async def _store_batch(
        self, batch: Sequence[tuple[Msg | StoredEvent, Received[EventT]]]
    ) -> int:
        """Do what the new events ask for, in one transaction; return how many were new."""
        contexts = [propagate.extract(msg.headers or {}) for msg, _ in batch]
        with tracer.start_as_current_span(
            f"process {self._subscription.model.event_type}",
            context=contexts[0] if len(batch) == 1 else None,
            kind=trace.SpanKind.CONSUMER,
            links=[trace.Link(trace.get_current_span(c).get_span_context()) for c in contexts],
        ):
            async with self._store.worker() as session:
                fresh = await inbox.claim(session, self.durable.name, [item for _, item in batch])
                if fresh:
                    await self._subscription.handle(session, fresh, self._deps)
                crash_point("consumer-before-commit")
        return len(fresh)

    def _count(self, fresh: int, of: int) -> None:
        self._counted["handled"].inc(fresh)
        self._counted["repeated"].inc(of - fresh)

    async def _refuse(self, item: tuple[Msg, Received[EventT]], error: Exception) -> None:
        msg, received = item
        deliveries = msg.metadata.num_delivered or 1
        if isinstance(error, ServiceError) and error.status < 500:
            await self._park(msg, error.slug, str(error))
        elif deliveries >= BUG_DELIVERIES and not isinstance(error, UpstreamError):
            log.error("event.failed", event_id=received.event_id, exc_info=error)
            await self._park(msg, "handler-failed", type(error).__name__)
        else:
            log.warning("event.failed", event_id=received.event_id, exc_info=error)
            await msg.nak(delay=min(2**deliveries, LONGEST_DELAY_SECONDS))
            self._counted["retried"].inc()

    async def _park(self, msg: Msg, error: str, detail: str) -> None:
        try:
            await park(self._connection, self.durable, msg, error, detail)
        except NatsError as failure:
            log.warning("event.not_parked_yet", reason=type(failure).__name__)
            return  # delivered again after ack_wait
        self._counted["parked"].inc()

    async def _wait_for_store(self, batch: Sequence[tuple[Msg, Any]], error: Exception) -> None:
        """Keep the batch (renewing its ack_wait) until the database answers; then give it back."""
        log.warning("consumer.waits_for_store", reason=type(error).__name__)
        while True:
            try:
                async with self._store.worker() as session:
                    await session.execute(text("select 1"))
            except Exception as still:
                if not is_away(still):
                    raise
                for msg, _ in batch:
                    await msg.in_progress()
                await asyncio.sleep(0.5)
            else:
                break
        for msg, _ in batch:
            await msg.nak(delay=0.1)
