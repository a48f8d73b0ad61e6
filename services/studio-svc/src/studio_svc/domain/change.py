"""What changed in a workspace: which thing, never what it is now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MAX_ITEMS: Final = 50
"""More at once are told as everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A thing that is not as it was."""

    kind: str
    """The noun of its event, such as `draft`."""
    id: str | None
    """None: some of its kind."""
    revision: int | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed within a moment."""

    items: Sequence[Change]
    is_all: bool = False
    """Whether anything may have changed."""


EVERYTHING: Final = Changes((), is_all=True)


class JoinedChanges:
    """Joins the changes of a moment: each thing once, with its highest revision."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str | None], Change] = {}

    def add(self, change: Change) -> None:
        """Take one more."""
        known = self._items.get((change.kind, change.id))
        if known is None or (known.revision or 0) <= (change.revision or 0):
            self._items[change.kind, change.id] = change

    def joined(self) -> Changes:
        """Return them, or EVERYTHING if there are many."""
        return EVERYTHING if len(self._items) > MAX_ITEMS else Changes([*self._items.values()])
