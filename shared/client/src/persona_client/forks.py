"""What a forked child has of its parent's rosters: a copy that nobody keeps up to date."""

import os
from typing import Final, Protocol
from weakref import WeakSet


class Copied(Protocol):
    """Something that works in one process alone."""

    def forget_parent(self) -> None:
        """Take note that this is a forked child."""
        ...


_started: Final = WeakSet[Copied]()


def tell_of_forks(started: Copied) -> None:
    """Have its `forget_parent` called in each child that is forked from now on."""
    _started.add(started)


def _forget_parents() -> None:
    for each in _started:
        each.forget_parent()


os.register_at_fork(after_in_child=_forget_parents)
