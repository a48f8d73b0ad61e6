"""What draft-svc adds to the common settings."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Literal

from pydantic import AliasChoices, Field, SecretStr
from service_kit.settings import ServiceSettings, own_variables


class DraftSettings(ServiceSettings):
    """The writer, its model, and how often and how much at once it is asked."""

    model_config = own_variables("draft")
    renamed: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"OPENAI_BASE_URL": "DRAMATIS_DRAFT_OPENAI_BASE_URL"}
    )
    http_port: int = 8102
    writer: Literal["offline", "openai"] = "offline"
    """`offline` is a stand-in: refused when DRAMATIS_PROFILE=production."""
    openai_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("DRAMATIS_DRAFT_OPENAI_API_KEY", "OPENAI_API_KEY"),
    )
    openai_base_url: str | None = None
    model: str | None = None
    """Where a persona names none; needed with `openai`."""
    model_timeout_seconds: float = Field(default=60, gt=0, le=600)
    model_takes_json_schema: bool = True
    """Whether the server takes `response_format: json_schema`; if not, plain JSON is requested."""
    model_takes_temperature: bool = True
    """Whether the model takes a temperature; reasoning models refuse it."""
    model_max_tokens_field: Literal["max_completion_tokens", "max_tokens"] | None = None
    """By default as OpenAI has it, and `max_tokens` for another base URL."""
    model_system_role: Literal["developer", "system"] | None = None
    """By default as OpenAI has it, and `system` for another base URL."""
    model_input_usd_per_million: float | None = Field(default=None, ge=0)
    model_output_usd_per_million: float | None = Field(default=None, ge=0)
    """What a million tokens cost; without both prices the cost of a draft is unknown."""
    write_concurrency: int = Field(default=256, ge=1, le=1_024)
    """The most drafts at once; how many it is follows the model's answers."""
    retry_delays_seconds: tuple[float, ...] = (10, 30, 90, 170)
    """Waits between the five attempts of domain.md §4, about five minutes in all."""

    @property
    def stand_ins(self) -> Sequence[str]:
        """The offline writer."""
        return ["writer:offline"] if self.writer == "offline" else []
