"""What draft-svc adds to the common settings."""

from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from service_kit.settings import ServiceSettings


class DraftSettings(ServiceSettings):
    """The writer and how hard it is tried."""

    http_port: int = 8102
    writer: Literal["offline", "openai"] = "offline"
    """`offline` is a stand-in: refused when DRAMATIS_PROFILE=production."""
    openai_api_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("OPENAI_API_KEY", "DRAMATIS_OPENAI_API_KEY")
    )
    openai_base_url: str | None = Field(
        default=None, validation_alias=AliasChoices("OPENAI_BASE_URL", "DRAMATIS_OPENAI_BASE_URL")
    )
    model: str | None = None
    model_timeout_seconds: float = Field(default=60, gt=0, le=600)
    write_concurrency: int = Field(default=8, ge=1, le=256)
    retry_delays_seconds: tuple[float, ...] = (10, 30, 90, 170)
    """Waits between the five tries of domain.md §4, about five minutes in all."""
