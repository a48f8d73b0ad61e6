"""Parts of answers over core NATS: `chat.delta.v1.<workspace>.<message>` (events.md §3)."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from uuid import UUID

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from chat_svc.domain.delta import Delta

SUBJECTS = "chat.delta.v1.*.*"
MAX_WAITING = 256
"""Parts that wait for one reader; the oldest goes for another, and the reader asks the store."""


class NatsDeltas:
    """Sends and hears parts; what is lost is found in the store."""

    def __init__(self, connection: Client) -> None:
        self._connection = connection

    async def send(self, workspace_id: str, message_id: UUID, delta: Delta) -> None:
        """Send a part of an answer; never raises."""
        body = {"from": delta.start, "text": delta.text, "run": delta.run, "ended": delta.ended}
        with suppress(NatsError, OSError):
            await self._connection.publish(
                _subject(workspace_id, message_id), json.dumps(body).encode()
            )

    @asynccontextmanager
    async def hear(self, workspace_id: str, message_id: UUID) -> AsyncGenerator["NatsHearing"]:
        """Hear the parts of an answer from now on; while the broker is away, nothing comes."""
        hearing = NatsHearing()
        subscription = None
        with suppress(NatsError, OSError):
            subscription = await self._connection.subscribe(  # pyright: ignore[reportUnknownMemberType]
                _subject(workspace_id, message_id), cb=hearing.on_message
            )
            await self._connection.flush()
        try:
            yield hearing
        finally:
            if subscription is not None:
                with suppress(NatsError, OSError):
                    await subscription.unsubscribe()


class NatsHearing:
    """What one reader has not taken yet."""

    def __init__(self) -> None:
        self._waiting = deque[Delta](maxlen=MAX_WAITING)
        self._some = asyncio.Event()

    async def on_message(self, message: Msg) -> None:
        """Keep a part."""
        body = json.loads(message.data)
        delta = Delta(run=body["run"], start=body["from"], text=body["text"], ended=body["ended"])
        self._waiting.append(delta)
        self._some.set()

    async def next(self, timeout_seconds: float) -> list[Delta]:
        """Return what has come, waiting for something; nothing after `timeout_seconds`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await self._some.wait()
        self._some.clear()
        taken = list(self._waiting)
        self._waiting.clear()
        return taken


def _subject(workspace_id: str, message_id: UUID) -> str:
    return f"chat.delta.v1.{workspace_id}.{message_id}"
