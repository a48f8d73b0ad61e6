"""What chat-svc adds to the common settings."""

from collections.abc import Sequence
from typing import Literal

from persona_model.settings import ModelSettings
from pydantic import AliasChoices, Field, SecretStr
from service_kit.settings import own_variables


class ChatSettings(ModelSettings):
    """The model that answers, and how much it is asked at once."""

    model_config = own_variables("chat")
    http_port: int = 8106
    writer: Literal["offline", "local", "openai"] = "openai"
    openai_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("DRAMATIS_CHAT_OPENAI_API_KEY", "OPENAI_API_KEY"),
    )
    answer_concurrency: int = Field(default=256, ge=1, le=1_024)
    """The most answers that are written at once."""

    @property
    def is_configured(self) -> bool:
        """Whether there is somebody to answer: a model with its key, or a stand-in."""
        key = self.openai_api_key.get_secret_value() if self.openai_api_key else ""
        return self.writer != "openai" or bool(key and self.model)

    @property
    def not_configured(self) -> Sequence[str]:
        """The model, as long as there is none."""
        return () if self.is_configured else ("model",)
