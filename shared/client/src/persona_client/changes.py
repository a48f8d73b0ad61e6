"""What has changed in a Roster, told to whoever listens."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Final, NamedTuple, Self
from weakref import WeakSet

from persona_contracts import StateKind

log: Final = logging.getLogger(__name__)


class Change(NamedTuple):
    """A document of a workspace that is new, different or gone; the Roster has it already."""

    workspace_id: str
    kind: StateKind
    entity_id: str
    """The persona's or campaign's id; for the kind `workspace`, the workspace's."""
    revision: int
    """Of the document; 0 if it is gone with the broker's store."""
    deleted: bool


OnChange = Callable[[Change], None]


class ChangesOf(AsyncIterator[Change]):
    """Changes as they come, from when this was made; of one document the newest alone waits."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, StateKind, str], Change] = {}
        self._came = asyncio.Event()

    def put(self, change: Change) -> None:
        """Let it be returned, in its turn."""
        key = change[:3]
        self._waiting.pop(key, None)
        self._waiting[key] = change
        self._came.set()

    def __aiter__(self) -> Self:
        """Return itself."""
        return self

    async def __anext__(self) -> Change:
        """Return the oldest change that waits, or the next one."""
        while not self._waiting:
            self._came.clear()
            await self._came.wait()
        return self._waiting.pop(next(iter(self._waiting)))


class Listeners:
    """Who is told of changes."""

    def __init__(self, on_change: OnChange | None) -> None:
        self._on_change = on_change
        self._iterators = WeakSet[ChangesOf]()

    def listen(self) -> ChangesOf:
        """Return changes from now on, until the caller lets go of it."""
        changes = ChangesOf()
        self._iterators.add(changes)
        return changes

    def tell(self, change: Change) -> None:
        """Tell everybody; what a callback raises is logged, without the change's words."""
        for changes in self._iterators:
            changes.put(change)
        if self._on_change is None:
            return
        try:
            self._on_change(change)
        except Exception:
            log.exception("roster: on_change failed")
