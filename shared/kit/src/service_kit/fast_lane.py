"""Lets the events of other workspaces overtake a flood of one.

A durable consumer is first in, first out: behind 50,000 events of one workspace, those of all the
others wait. While its backlog is long, and few workspaces make it up, what the others have sent is
read ahead of it. Each event is handled once, by the inbox; what cannot be handled now is
left to the durable, which decides on it in its turn.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle, islice
from time import monotonic
from typing import cast

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError
from persona_client.tasks import cancelled
from structlog import get_logger

from service_kit.clock import utc_now
from service_kit.topology import Durable

LONG_BACKLOG = 1_000
RECENT = 500
"""By so many deliveries a flood is known."""
LARGE_SHARE = 0.25
"""Of the recent deliveries: a workspace with more of them is a flood."""
ROUND_SECONDS = 1.0
"""After it, the next workspace has its turn."""
PAUSE_SECONDS = 0.1
"""Before new events are looked for when there were none."""
MAX_SUBJECTS = 1_000
"""How many workspaces one round reads for; the next takes the next ones."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """An event as its stream keeps it: no consumer has delivered it."""

    sequence: int
    subject: str
    headers: Mapping[str, str]
    data: bytes
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class _Place:
    """How many events a subject had, and up to where they were read."""

    count: int
    sequence: int


_NOWHERE = _Place(0, 0)
Handle = Callable[[Sequence[StoredEvent]], Awaitable[None]]


class FastLane:
    """Reads ahead of one durable, for as long as it is flooded."""

    def __init__(
        self, connection: Client, durable: Durable, batch: int, handle_ahead: Handle
    ) -> None:
        self._connection = connection
        self._durable = durable
        self._batch = batch
        self._handle_ahead = handle_ahead
        self._recent: deque[str] = deque(maxlen=RECENT)
        self._position = self._backlog = 0
        self._reading: asyncio.Task[None] | None = None

    def saw(self, messages: Sequence[Msg]) -> None:
        """Note what the durable has delivered; begin to read ahead if it is flooded."""
        last = messages[-1].metadata
        self._recent.extend(message.subject for message in messages)
        self._position, self._backlog = last.sequence.stream, last.num_pending
        if self._is_flooded and (self._reading is None or self._reading.done()):
            self._reading = asyncio.create_task(self._read_ahead())

    async def stop(self) -> None:
        """Stop reading; a batch that is begun is rolled back."""
        if self._reading is not None:
            await cancelled([self._reading])

    @property
    def _is_flooded(self) -> bool:
        return self._backlog > LONG_BACKLOG and bool(self._floods())

    def _floods(self) -> set[str]:
        least = LARGE_SHARE * len(self._recent)
        return {subject for subject, count in Counter(self._recent).items() if count > least}

    async def _read_ahead(self) -> None:
        rounds = 0
        log.info("fast_lane.opened", consumer=self._durable.name, backlog=self._backlog)
        read = dict[str, _Place]()
        while self._is_flooded:
            try:
                counts = await self._others(rounds)
                fresh = [s for s, count in counts.items() if read.get(s, _NOWHERE).count != count]
                for subject in fresh:
                    after = max(read.get(subject, _NOWHERE).sequence, self._position)
                    read[subject] = _Place(counts[subject], await self._read(subject, after))
                await asyncio.sleep(0 if fresh else PAUSE_SECONDS)
            except (NatsError, TimeoutError) as error:
                log.warning("fast_lane.paused", reason=type(error).__name__)
                await asyncio.sleep(ROUND_SECONDS)
            rounds += 1
        log.info("fast_lane.closed", consumer=self._durable.name)

    async def _others(self, rounds: int) -> dict[str, int]:
        """Return the subjects of the workspaces whose turn it is, floods left out, with counts."""
        js = self._connection.jetstream()  # pyright: ignore[reportUnknownMemberType]
        (pattern,) = self._durable.filter_subjects
        info = await js.stream_info(self._durable.stream, subjects_filter=pattern)
        counts = info.state.subjects or {}
        others = sorted(counts.keys() - self._floods())
        if len(others) > MAX_SUBJECTS:
            begin = rounds * MAX_SUBJECTS % len(others)
            others = list(islice(cycle(others), begin, begin + MAX_SUBJECTS))
        return {subject: counts[subject] for subject in others}

    async def _read(self, subject: str, sequence: int) -> int:
        """Handle what follows `sequence` on `subject`; return up to where it was read."""
        ends_at = monotonic() + ROUND_SECONDS
        while monotonic() < ends_at:
            batch = list[StoredEvent]()
            while len(batch) < self._batch and (event := await self._next(subject, sequence)):
                batch.append(event)
                sequence = event.sequence
            await self._handle_ahead(batch)
            if len(batch) < self._batch:
                break
        return sequence

    async def _next(self, subject: str, sequence: int) -> StoredEvent | None:
        """Return the next event, by a request: only the controller may make consumers."""
        js = self._connection.jetstream()  # pyright: ignore[reportUnknownMemberType]
        try:
            found = await js.get_msg(
                self._durable.stream, seq=sequence + 1, subject=subject, next=True
            )
        except NotFoundError:
            return None
        headers = cast("dict[str, str]", found.headers or {})  # pyright: ignore[reportUnknownMemberType]
        return StoredEvent(
            sequence=found.seq or 0,
            subject=subject,
            headers=headers,
            data=found.data or b"",
            stored_at=found.time or utc_now(),
        )
