"""Keeps all streams and durables in being: the one that may, where services may not (D14)."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import StreamConfig
from persona_client.connection import Connection, cause_of
from structlog import get_logger

from service_kit.health import Health
from service_kit.permissions import Permissions
from service_kit.topology import (
    STREAMS,
    Durable,
    drift_of,
    ensure_consumer,
    ensure_stream,
    restore_stream,
)

EVERY_SECONDS = 15
RETRY_SECONDS = 1

log = get_logger(__name__)


class TopologyController:
    """Makes what is missing and changes back what somebody else has changed, again and again."""

    def __init__(
        self,
        connection: Connection,
        durables: Sequence[Durable],
        health: Health,
        permissions: Permissions,
        *,
        replicas: int = 1,
    ) -> None:
        """Take the durables of all services, and how many copies a new stream gets."""
        self._connection = connection
        self._durables = durables
        self._health = health
        self._permissions = permissions
        self._replicas = replicas

    async def run(self) -> None:
        """Reconcile every EVERY_SECONDS and after each reconnect, until cancelled."""
        while True:
            before = self._connection.stats["reconnects"]
            try:
                await self.once()
            except (NatsError, OSError, TimeoutError) as error:
                reason = "; ".join(self._permissions.missing()) or cause_of(error)
                self._health.degraded("broker", reason)
                log.warning("reconcile.failed", reason=reason)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._health.recovered("broker")
                await self._rest(before)

    async def once(self) -> None:
        """Make every stream and durable as declared.

        Raises:
            nats.errors.Error: the broker is away, or refuses.
        """
        js = self._connection.jetstream()
        for name in STREAMS:
            info = await ensure_stream(js, name, replicas=self._replicas)
            await _restore(js, info.config)
        for durable in self._durables:
            await ensure_consumer(js, durable)

    async def _rest(self, reconnects: int) -> None:
        for _ in range(EVERY_SECONDS):
            await asyncio.sleep(1)
            if self._connection.stats["reconnects"] != reconnects:
                return


async def _restore(js: JetStreamContext, found: StreamConfig) -> None:
    drift = drift_of(found)
    for each in drift:
        log.warning("stream.drifted", **asdict(each))
    if drift:
        await restore_stream(js, found)
        log.info("stream.restored", stream=found.name)
