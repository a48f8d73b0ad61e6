"""What draft-svc adds to the common settings."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal

from persona_model.settings import ModelSettings
from pydantic import AliasChoices, Field, SecretStr
from service_kit.settings import own_variables


class DraftSettings(ModelSettings):
    """The writer, its model, and how often and how much at once it is asked."""

    model_config = own_variables("draft")
    renamed: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"OPENAI_BASE_URL": "DRAMATIS_DRAFT_OPENAI_BASE_URL"}
    )
    http_port: int = 8102
    writer: Literal["offline", "local", "openai"] = "offline"
    openai_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("DRAMATIS_DRAFT_OPENAI_API_KEY", "OPENAI_API_KEY"),
    )
    write_concurrency: int = Field(default=256, ge=1, le=1_024)
    """The most drafts at once; how many it is follows the model's answers."""
    retry_delays_seconds: tuple[float, ...] = (10, 30, 90, 170)
    """Waits between the five attempts of domain.md §4, about five minutes in all."""
