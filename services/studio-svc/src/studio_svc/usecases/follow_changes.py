"""Tell browsers what changed in their workspace."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Final

from studio_svc.domain.change import EVERYTHING, Change, Changes, JoinedChanges

JOIN_SECONDS: Final = 0.1
MAX_WAITING: Final = 256
"""Of one browser: one that does not read is let off, and reads everything when it comes back."""


class Listener:
    """One browser."""

    def __init__(self) -> None:
        self._waiting = asyncio.Queue[Changes](MAX_WAITING)
        self.is_over = False
        """Whether it has missed something, or the process ends."""

    def tell(self, changes: Changes) -> None:
        """Let it know; if it has not read for long, it is over."""
        try:
            self._waiting.put_nowait(changes)
        except asyncio.QueueFull:
            self.is_over = True

    def end(self) -> None:
        """Let it go, at once."""
        self.is_over = True
        self.tell(EVERYTHING)

    async def next(self, timeout_seconds: float) -> Changes | None:
        """Return what changed next; None: nothing did in this time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                return await self._waiting.get()
        return None


class FollowChanges:
    """Joins what changes within JOIN_SECONDS, and tells the browsers of its workspace."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[Listener]] = {}
        self._joined: dict[str, JoinedChanges] = {}

    def note(self, workspace_id: str, change: Change) -> None:
        """Tell of a change, soon."""
        if workspace_id not in self._listeners:
            return
        if workspace_id not in self._joined:
            self._joined[workspace_id] = JoinedChanges()
            asyncio.get_running_loop().call_later(JOIN_SECONDS, self._tell, workspace_id)
        self._joined[workspace_id].add(change)

    def note_gap(self) -> None:
        """Tell everybody that anything may have changed: nothing was heard for a while."""
        for listener in self._all():
            listener.tell(EVERYTHING)

    def end(self) -> None:
        """Let everybody go: the process ends."""
        for listener in self._all():
            listener.end()

    def _all(self) -> list[Listener]:
        return [each for some in self._listeners.values() for each in some]

    @contextmanager
    def listen(self, workspace_id: str) -> Generator[Listener]:
        """Hear of what changes in a workspace from now on."""
        listener = Listener()
        self._listeners.setdefault(workspace_id, set()).add(listener)
        try:
            yield listener
        finally:
            others = self._listeners[workspace_id]
            others.discard(listener)
            if not others:
                del self._listeners[workspace_id]

    def _tell(self, workspace_id: str) -> None:
        changes = self._joined.pop(workspace_id).joined()
        for listener in self._listeners.get(workspace_id, ()):
            listener.tell(changes)
