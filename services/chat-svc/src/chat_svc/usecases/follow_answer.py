"""Follow an answer from a place on, as it is written: whoever leaves can come back to it."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

from service_kit.store import Store

from chat_svc.adapters import messages
from chat_svc.domain.delta import Delta
from chat_svc.domain.message import Message
from chat_svc.usecases.ports import Deltas

QUIET_SECONDS = 2.0
"""Hearing nothing so long, a reader asks the store."""
GAP_SECONDS = 0.5
"""After a gap the store is asked so often; it has the words each second."""
PING_SECONDS = 15.0
MAX_BACKLOG = 256


class Ping:
    """Nothing has come for PING_SECONDS."""


class Restarted:
    """A process died over the answer: another begins it anew."""


class Stopping:
    """This process ends: come back, to another."""


Seen = Message | Delta | Ping | Restarted | Stopping
"""An answer as it began and as it ended, and the words between."""


@dataclass(slots=True)
class _Place:
    """How far a reader is."""

    run: int
    seen: int
    has_begun: bool = False
    has_gap: bool = False
    read_at: float = 0.0
    backlog: list[Delta] = field(default_factory=list[Delta])

    def catch_up(self, stored: Message) -> Iterator[Seen]:
        """Yield what the store has beyond this place."""
        if stored.run > self.run:
            if self.seen:
                yield Restarted()
            self.run, self.seen = stored.run, 0
        if not self.has_begun and (stored.run or not stored.status.is_open):
            self.has_begun = True
            yield stored
        if stored.run == self.run and len(stored.content) > self.seen:
            yield Delta(run=self.run, start=self.seen, text=stored.content[self.seen :])
            self.seen = len(stored.content)

    def take(self, heard: list[Delta]) -> Iterator[Delta]:
        """Yield what follows on this place; what does not yet waits for the store."""
        waiting, self.backlog, self.has_gap = [*self.backlog, *heard], [], False
        for delta in waiting:
            if delta.run == self.run and self.has_begun and delta.start <= self.seen:
                if delta.end > self.seen:
                    text = delta.text[self.seen - delta.start :]
                    yield Delta(run=self.run, start=self.seen, text=text)
                    self.seen = delta.end
            elif delta.run >= self.run:
                self.backlog.append(delta)
                self.has_gap = True
        self.backlog = self.backlog[-MAX_BACKLOG:]

    @property
    def patience(self) -> float:
        """How many seconds to listen."""
        return GAP_SECONDS if self.has_gap else QUIET_SECONDS

    def must_read(self, heard: list[Delta], *, has_read: bool) -> bool:
        """Return whether the store has to be asked now."""
        if has_read:
            self.read_at = monotonic()
        has_waited = monotonic() - self.read_at > GAP_SECONDS
        return (
            not heard
            or not self.has_begun
            or any(each.ended for each in heard)
            or (self.has_gap and has_waited)
        )


class FollowAnswer:
    """Reads answers for those who are told of them; no reader costs another anything."""

    def __init__(self, store: Store, deltas: Deltas, stopping: asyncio.Event) -> None:
        self._store = store
        self._deltas = deltas
        self._stopping = stopping

    async def follow(
        self, workspace_id: str, message_id: UUID, *, run: int = 0, seen: int = 0
    ) -> AsyncGenerator[Seen]:
        """Yield the answer as it began, its words from a place on, and the answer at its end."""
        place = _Place(run, seen)
        async with self._deltas.hear(workspace_id, message_id) as hearing:
            must_read, yielded_at = True, monotonic()
            while not self._stopping.is_set():
                stored = await self._read(workspace_id, message_id) if must_read else None
                news = list(place.catch_up(stored)) if stored else []
                for each in news:
                    yield each
                if must_read and (stored is None or not stored.status.is_open):
                    if stored:
                        yield stored
                    return
                heard = await hearing.next(place.patience)
                words = list(place.take(heard))
                for each in words:
                    yield each
                must_read = place.must_read(heard, has_read=must_read)
                if news or words:
                    yielded_at = monotonic()
                elif monotonic() - yielded_at > PING_SECONDS:
                    yield Ping()
                    yielded_at = monotonic()
            yield Stopping()

    async def _read(self, workspace_id: str, message_id: UUID) -> Message | None:
        async with self._store.workspace(workspace_id) as session:
            return await messages.find(session, message_id)
