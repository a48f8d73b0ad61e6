"""One process's worth of kit, with shorthands for tests."""

import asyncio
import contextlib

from notes import Handler
from persona_client import NatsAddress
from persona_client.tasks import cancelled
from persona_contracts import LeadRepliedV1, subject_for
from service_devkit.testing.waiting import wait_until
from service_kit import outbox
from service_kit.broker import Broker
from service_kit.events import EventRouter
from service_kit.health import Health
from service_kit.reconcile import Reconciler
from service_kit.relay import Outbox, Relay
from service_kit.store import Store
from service_kit.wakeups import OUTBOX_CHANNEL, WORK_CHANNEL, Wakeups
from sqlalchemy import func, select, text


class Probe:
    """One process's worth of kit: store, broker, relay and reconciler, with shorthands."""

    def __init__(self, database_url, nats_url, *, creates=True, **options):
        self.handler = Handler()
        self.creates = creates
        self.urls = database_url, nats_url
        self.store = Store(database_url, "note-svc", pool_size=5)
        events = EventRouter("note-svc")
        events.subscriber(LeadRepliedV1, durable="on_replied")(self.handler.on_replied)
        self.broker = Broker(NatsAddress.parse(nats_url), self.store, **options)
        self.broker.include_events(events, deps=None)
        self.health = Health()
        self.reconciler = Reconciler(
            self.store,
            self.broker,
            self.health,
            streams={"DRAFT": outbox.requeue},
            replicas=1,
            creates=creates,
        )
        self.wakeups = Wakeups(self.store, OUTBOX_CHANNEL, WORK_CHANNEL)
        self.durable = self.broker.durables[0]
        self._tasks = []

    async def start(self, *, relay=True):
        await self.broker.start()
        if self.creates:
            await self.reconciler.once()
        self.background(self.wakeups.run())
        self._reconciling = self.background(self.reconciler.run())
        if relay:
            self.start_relay()

    def start_relay(self):
        relay = Relay(self.store, self.broker.publishing, [Outbox()])
        self.background(relay.run(self.wakeups.subscribe(OUTBOX_CHANNEL)))
        self.background(relay.watch(self.health))

    def background(self, work):
        task = asyncio.create_task(work)
        self._tasks.append(task)
        return task

    async def stop_reconciling(self):
        await cancelled([self._reconciling])

    def sibling(self, **options):
        """Return another process of the same service, not started."""
        return Probe(*self.urls, **options)

    async def stop(self):
        await cancelled(self._tasks)
        await self.broker.stop()
        await self.store.close()

    async def send(self, event, **headers):
        await self.send_raw(subject_for(event), event.model_dump_json().encode(), **headers)

    async def send_raw(self, subject, body, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        await self.broker.js.publish(subject, body, headers=named or None)

    async def query(self, sql, **values):
        async with self.store.worker() as session:
            return (await session.execute(text(sql), values)).all()

    async def count(self, table):
        """Return how many rows there are; `table` may go on with a condition."""
        async with self.store.worker() as session:
            rows = await session.execute(select(func.count()).select_from(text(table)))
            return rows.scalar_one()

    async def stored(self, stream):
        return (await self.broker.js.stream_info(stream)).state.messages

    async def until_stored(self, stream, messages):
        async def there():
            with contextlib.suppress(Exception):
                return await self.stored(stream) >= messages

        await wait_until(there)

    async def until_count(self, table, rows):
        async def there():
            return await self.count(table) >= rows

        await wait_until(there)

    async def until_idle(self):
        """Wait until the consumer has nothing left to deliver and nothing in hand."""

        last = (await self.broker.js.stream_info(self.durable.stream)).state.last_seq

        async def idle():
            info = await self.broker.js.consumer_info(self.durable.stream, self.durable.name)
            return info.delivered.stream_seq >= last and info.num_ack_pending == 0

        await wait_until(idle)

    async def dead_letters(self):
        """Return every message on DEAD."""
        last = (await self.broker.js.stream_info("DEAD")).state.last_seq
        return [await self.broker.js.get_msg("DEAD", n) for n in range(1, last + 1)]
