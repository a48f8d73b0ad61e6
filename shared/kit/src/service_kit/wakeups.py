"""Postgres notifications as wake-up calls, so that nobody has to poll in a hurry."""

import asyncio
from collections import defaultdict
from contextlib import suppress

import psycopg
from sqlalchemy import text
from structlog import get_logger

from service_kit.postgres_connection import PostgresConnection
from service_kit.store import Session, Store

OUTBOX_CHANNEL = "dramatis_outbox"
WORK_CHANNEL = "dramatis_work"
PROBE_SECONDS = 10
"""After so long without a notification, ask whether the server is still there."""

log = get_logger(__name__)


async def notify(session: Session, channel: str, topic: str = "") -> None:
    """Wake whoever waits on `channel`, in every process, when this transaction commits.

    With a `topic`, those who have subscribed to it, or to all of them, alone.
    """
    values = {"channel": channel, "topic": topic}
    await session.execute(text("select pg_notify(:channel, :topic)"), values)


class Wakeups:
    """One listening connection for a process; while it is away, all are woken again and again."""

    def __init__(self, store: Store, *channels: str) -> None:
        self._store = store
        self._channels = channels
        self._events: dict[str, list[tuple[str, asyncio.Event]]] = defaultdict(list)

    def subscribe(self, channel: str, topic: str = "") -> asyncio.Event:
        """Return an event that is set on every notification, or on those of `topic` or of none.

        The waiter clears it.
        """
        event = asyncio.Event()
        self._events[channel].append((topic, event))
        return event

    async def run(self) -> None:
        """Listen until cancelled; reconnect whenever the connection is lost."""
        url = self._store.engine.url.set(drivername="postgresql")
        while True:
            try:
                connection = await PostgresConnection.connect(
                    url.render_as_string(hide_password=False), autocommit=True, connect_timeout=5
                )
                async with connection:
                    for channel in self._channels:
                        await connection.execute(f"listen {channel}".encode())
                    self._wake_all()
                    while True:
                        async for notification in connection.notifies(timeout=PROBE_SECONDS):
                            self._wake(notification.channel, notification.payload)
                        await connection.execute(b"select")
            except (psycopg.Error, OSError) as error:
                log.warning("wakeups.lost", reason=type(error).__name__)
                self._wake_all()  # for what would have been told now
                await asyncio.sleep(0.5)

    def _wake(self, channel: str, topic: str = "") -> None:
        for subscribed, event in self._events[channel]:
            if topic in (subscribed, "") or not subscribed:
                event.set()

    def _wake_all(self) -> None:
        for channel in self._channels:
            self._wake(channel)


async def wait(event: asyncio.Event, timeout_seconds: float) -> None:
    """Return when `event` is set, or after `timeout_seconds`; the event is cleared.

    Not by `asyncio.wait_for`, which in Python 3.11 loses a cancellation that comes with the event.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_seconds):
            await event.wait()
    event.clear()
