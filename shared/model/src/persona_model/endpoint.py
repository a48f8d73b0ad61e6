"""Where a language model is, what its server can do, and what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAbilities:
    """What a server of the chat completions API understands; the defaults are OpenAI's own.

    Most compatible servers need `max_tokens` and the role `system`; reasoning models refuse a
    temperature. Without `json_schema`, plain JSON is requested (`json_object`).
    """

    json_schema: bool = True
    max_tokens_field: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    temperature: bool = True
    system_role: Literal["developer", "system"] = "developer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPrice:
    """What a million tokens cost, in US dollars: as many micro-dollars as one token costs."""

    input_usd_per_million: float
    output_usd_per_million: float

    def microusd(self, input_tokens: int, output_tokens: int) -> int:
        """Return what a call costs, rounded to a micro-dollar."""
        return round(
            input_tokens * self.input_usd_per_million + output_tokens * self.output_usd_per_million
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEndpoint:
    """A server of the chat completions API; `base_url` None is OpenAI's.

    `model` is used where a persona names none. `timeout_seconds` is the deadline of a whole call.
    `max_output_tokens` limits every call; a persona's own limit replaces it for the body.
    The cost of a model without a price is unknown.
    """

    api_key: SecretStr
    model: str
    base_url: str | None = None
    timeout_seconds: float = 60
    max_output_tokens: int = 4_000
    abilities: ModelAbilities = field(default_factory=ModelAbilities)
    prices: Mapping[str, ModelPrice] = field(default_factory=dict[str, ModelPrice])
