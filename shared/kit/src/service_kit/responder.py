"""Answers requests over core NATS; replicas share the work in a queue group."""

import asyncio
from collections.abc import Awaitable, Callable

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from structlog import get_logger

MAX_RUNNING = 32
"""Further requests wait in the connection's queue, up to the caller's deadline."""

log = get_logger(__name__)


class Responder:
    """One subject that this service answers; `answer` takes a body and must not raise."""

    def __init__(
        self, subject: str, queue: str, answer: Callable[[bytes], Awaitable[bytes]]
    ) -> None:
        self._subject = subject
        self._queue = queue
        self._answer = answer
        self._running: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(MAX_RUNNING)

    async def subscribe(self, connection: Client) -> None:
        """Answer what comes over `connection`, also after it was lost and is back."""
        await connection.subscribe(self._subject, self._queue, self._on_request)  # pyright: ignore[reportUnknownMemberType]

    async def _on_request(self, request: Msg) -> None:
        await self._room.acquire()
        task = asyncio.create_task(self._respond(request))
        self._running.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._room.release()

    async def _respond(self, request: Msg) -> None:
        try:
            await request.respond(await self._answer(request.data))
        except NatsError as error:
            log.warning("request.not_answered", subject=self._subject, reason=type(error).__name__)
        except Exception:
            log.exception("request.crashed", subject=self._subject)
