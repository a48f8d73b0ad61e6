"""Keys remembered for some seconds, in bounded memory."""

from collections.abc import Hashable
from time import monotonic
from typing import Final

LIMIT: Final = 10_000
"""Keys remembered at most, some 2 MB; the oldest makes room."""


class RecentKeys:
    """Which keys were added within the last seconds."""

    def __init__(self, seconds: float, limit: int = LIMIT) -> None:
        self._seconds = seconds
        self._limit = limit
        self._added_at: dict[Hashable, float] = {}

    def add(self, key: Hashable) -> None:
        """Remember `key` from now on."""
        self._added_at.pop(key, None)
        if len(self._added_at) >= self._limit:
            del self._added_at[next(iter(self._added_at))]
        self._added_at[key] = monotonic()

    def has(self, key: Hashable) -> bool:
        """Return whether `key` was added within the last seconds."""
        added_at = self._added_at.get(key)
        return added_at is not None and monotonic() - added_at < self._seconds

    def __len__(self) -> int:
        return len(self._added_at)
