"""Lets the events of other workspaces overtake a flood of one.

A durable consumer is first in, first out: behind 50,000 events of one workspace, those of all the
others wait. While its backlog is long, and few workspaces make it up, a second consumer reads ahead
what the others have sent. Each event is handled once, by the inbox; what cannot be handled now is
left to the durable, which decides on it in its turn.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import cycle, islice
from time import monotonic

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import ConsumerConfig, DeliverPolicy
from persona_client.pull import pulled
from structlog import get_logger

from service_kit.topology import Durable

LONG_BACKLOG = 1_000
RECENT = 500
"""By so many deliveries a flood is known."""
LARGE_SHARE = 0.25
"""Of the recent deliveries: a workspace with more of them is a flood."""
ROUND_SECONDS = 1.0
"""After it, workspaces that are new are looked for."""
MAX_SUBJECTS = 1_000
"""How many workspaces one round reads for; the next takes the next ones."""

log = get_logger(__name__)
Handle = Callable[[Sequence[Msg]], Awaitable[None]]


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
            self._reading.cancel()
            await asyncio.wait([self._reading])

    @property
    def _is_flooded(self) -> bool:
        return self._backlog > LONG_BACKLOG and bool(self._floods())

    def _floods(self) -> set[str]:
        least = LARGE_SHARE * len(self._recent)
        return {subject for subject, count in Counter(self._recent).items() if count > least}

    async def _read_ahead(self) -> None:
        position, rounds = self._position, 0
        log.info("fast_lane.opened", consumer=self._durable.name, backlog=self._backlog)
        while self._is_flooded:
            try:
                if subjects := await self._others(rounds):
                    position = await self._read(subjects, max(position, self._position))
                else:
                    await asyncio.sleep(ROUND_SECONDS)
            except (NatsError, TimeoutError) as error:
                log.warning("fast_lane.paused", reason=type(error).__name__)
                await asyncio.sleep(ROUND_SECONDS)
            rounds += 1
        log.info("fast_lane.closed", consumer=self._durable.name)

    async def _others(self, rounds: int) -> list[str]:
        """Return the subjects of the workspaces whose turn it is, floods left out."""
        js = self._connection.jetstream()  # pyright: ignore[reportUnknownMemberType]
        (pattern,) = self._durable.filter_subjects
        info = await js.stream_info(self._durable.stream, subjects_filter=pattern)
        others = sorted((info.state.subjects or {}).keys() - self._floods())
        if len(others) <= MAX_SUBJECTS:
            return others
        begin = rounds * MAX_SUBJECTS % len(others)
        return list(islice(cycle(others), begin, begin + MAX_SUBJECTS))

    async def _read(self, subjects: list[str], position: int) -> int:
        """Handle what follows `position` for one round; return up to where it was read."""
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=position + 1,
            filter_subjects=subjects,
            inactive_threshold=10 * ROUND_SECONDS,
        )
        ends_at = monotonic() + ROUND_SECONDS
        async with pulled(self._connection, self._durable.stream, config, self._batch) as pull:
            while (left := ends_at - monotonic()) > 0:
                messages = await pull.next(left)
                if messages:
                    await self._handle_ahead(messages)
                    position = messages[-1].metadata.sequence.stream
        return position
