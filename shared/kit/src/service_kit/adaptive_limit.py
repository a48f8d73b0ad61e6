"""How much to ask of an upstream at once: more while it answers, less when it is overloaded."""

from time import monotonic

START = 8


class AdaptiveLimit:
    """Doubles with each round of answers until the first refusal; then rises by one a round.

    A refusal halves it, once for all calls that were under way (additive increase, multiplicative
    decrease: RFC 5681 has the same of congestion).
    """

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self._limit = float(min(START, ceiling))
        self._steep_until = float(ceiling)
        self._halved_at = 0.0
        self._closed_until = 0.0

    @property
    def size(self) -> int:
        """How many calls may be under way; 0 for as long as the upstream has asked to be left."""
        return 0 if monotonic() < self._closed_until else int(self._limit)

    @property
    def closed_seconds(self) -> float:
        """How long nothing may be asked; 0 if it may."""
        return max(0.0, self._closed_until - monotonic())

    def answered(self, under_way: int) -> None:
        """Note an answer, with how many calls were under way: unused room is no reason for more."""
        if under_way >= int(self._limit):
            step = 1.0 if self._limit < self._steep_until else 1.0 / self._limit
            self._limit = min(self._limit + step, float(self._ceiling))

    def refused(self, asked_at: float, retry_after_seconds: float = 0.0) -> None:
        """Note that the upstream has too much to do, to a call of `asked_at` (`monotonic()`)."""
        now = monotonic()
        self._closed_until = max(self._closed_until, now + retry_after_seconds)
        if asked_at > self._halved_at:
            self._halved_at = now
            self._limit = self._steep_until = max(1.0, self._limit / 2)
