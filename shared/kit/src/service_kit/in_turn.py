"""Routes that cost much, such as lists and searches: a few of one workspace are answered at once.

The rest wait, before they take a connection: so a workspace that asks for many keeps neither the
processor nor the database from the others. An answer that is sent in parts takes a turn for each.
"""

from asyncio import Semaphore
from collections.abc import AsyncIterable, AsyncIterator
from typing import TypeVar
from weakref import WeakValueDictionary

from fastapi.dependencies.models import Dependant

from service_kit.errors import UpstreamError

PartT = TypeVar("PartT")
AT_ONCE = 2
MAX_WAITING = 100
"""Of one workspace: each holds one of the service's connections."""


class TooManyAtOnceError(UpstreamError):
    """Too many lists and searches of this workspace are being answered; try again later."""

    slug = "too-many-at-once"


class Turn:
    """Up to AT_ONCE at a time hold it, in `async with`."""

    def __init__(self) -> None:
        self.free = Semaphore(AT_ONCE)
        self._waiting = 0

    async def __aenter__(self) -> None:
        """Wait for it.

        Raises:
            TooManyAtOnceError: MAX_WAITING wait already.
        """
        if self._waiting >= MAX_WAITING:
            raise TooManyAtOnceError("Send fewer at once, and this again later.")
        self._waiting += 1
        try:
            await self.free.acquire()
        finally:
            self._waiting -= 1

    async def __aexit__(self, *_: object) -> None:
        """Give it back."""
        self.free.release()


class Turns:
    """The turns of each workspace; what nobody holds or waits for is forgotten."""

    def __init__(self) -> None:
        self._of = WeakValueDictionary[str, Turn]()

    def of(self, workspace_id: str) -> Turn:
        """Return what holds a turn of this workspace."""
        return self._of.setdefault(workspace_id, Turn())


async def part_by_part(parts: AsyncIterable[PartT], turn: Turn) -> AsyncIterator[PartT]:
    """Yield the parts, each made in a turn; none is held while the reader takes its time."""
    made = aiter(parts)
    while True:
        async with turn.free:
            part = await anext(made, None)
        if part is None:
            return
        yield part


async def in_turn() -> None:
    """Mark a route, as its dependency: `ApiRoute` has its requests wait for their turn."""


def is_in_turn(dependant: Dependant) -> bool:
    """Return whether a route is marked."""
    return dependant.call is in_turn or any(map(is_in_turn, dependant.dependencies))
