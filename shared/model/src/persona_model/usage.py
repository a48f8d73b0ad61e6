"""What calls of a model cost."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """What calls cost; `cost_microusd` is None if any part of it is unknown."""

    input_tokens: int
    output_tokens: int
    cost_microusd: int | None

    def __add__(self, other: "TokenUsage") -> "TokenUsage":
        """Return the sum."""
        costs = self.cost_microusd, other.cost_microusd
        return TokenUsage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_microusd=None if None in costs else sum(cost or 0 for cost in costs),
        )


NO_USAGE = TokenUsage(input_tokens=0, output_tokens=0, cost_microusd=0)
