"""Routes that cost much, such as lists and searches: a few of one workspace are answered at once.

The rest wait, before they take a connection: so a workspace that asks for many keeps neither the
processor nor the database from the others.
"""

from asyncio import Semaphore
from weakref import WeakValueDictionary

from fastapi.dependencies.models import Dependant

AT_ONCE = 2


class Turns:
    """Up to AT_ONCE turns of each workspace; what nobody holds or waits for is forgotten."""

    def __init__(self) -> None:
        self._of = WeakValueDictionary[str, Semaphore]()

    def of(self, workspace_id: str) -> Semaphore:
        """Return what holds a turn of this workspace, in `async with`."""
        return self._of.setdefault(workspace_id, Semaphore(AT_ONCE))


async def in_turn() -> None:
    """Mark a route, as its dependency: `ApiRoute` has its requests wait for their turn."""


def is_in_turn(dependant: Dependant) -> bool:
    """Return whether a route is marked."""
    return dependant.call is in_turn or any(map(is_in_turn, dependant.dependencies))
