"""The variables that choose a language model, or what stands in for one."""

from collections.abc import Sequence
from typing import Final, Literal

from pydantic import Field, SecretStr
from service_kit.settings import ServiceSettings, SettingsError, variable

from persona_model.endpoint import ModelAbilities, ModelEndpoint, ModelPrice

LOCAL_MODEL: Final = "local"
"""Its server has one model, whatever it is asked for."""


class WriterSettingMissingError(SettingsError):
    """A model was chosen without what it needs."""


class ModelSettings(ServiceSettings):
    """The writer, its model, and how it is asked; a service's own settings derive from this."""

    writer: Literal["offline", "local", "openai"]
    """`offline` and `local` are stand-ins: refused when DRAMATIS_PROFILE=production.

    `offline` asks no model; `local` a small one at `openai_base_url`, which takes no key.
    """
    openai_api_key: SecretStr | None
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
    """What a million tokens cost; without both prices the cost of an answer is unknown."""

    @property
    def stand_ins(self) -> Sequence[str]:
        """The writer, unless it is OpenAI's or as good as that."""
        return [] if self.writer == "openai" else [f"writer:{self.writer}"]

    def endpoint(self) -> ModelEndpoint:
        """Return where the model is.

        Raises:
            WriterSettingMissingError: the text names the variable to set.
        """
        api_key, model = self._local() if self.writer == "local" else self._remote()
        at_openai = self.openai_base_url is None
        return ModelEndpoint(
            api_key=api_key,
            model=model,
            base_url=self.openai_base_url,
            timeout_seconds=self.model_timeout_seconds,
            abilities=ModelAbilities(
                json_schema=self.model_takes_json_schema,
                temperature=self.model_takes_temperature,
                max_tokens_field=self.model_max_tokens_field
                or ("max_completion_tokens" if at_openai else "max_tokens"),
                system_role=self.model_system_role or ("developer" if at_openai else "system"),
            ),
            prices=self._prices(model),
        )

    def _remote(self) -> tuple[SecretStr, str]:
        writer, key, model = (
            variable(type(self), name) for name in ("writer", "openai_api_key", "model")
        )
        if self.openai_api_key is None or not self.openai_api_key.get_secret_value():
            raise WriterSettingMissingError(f"{writer}=openai needs {key}, or OPENAI_API_KEY")
        if not self.model:
            raise WriterSettingMissingError(f"{writer}=openai needs {model}")
        return self.openai_api_key, self.model

    def _local(self) -> tuple[SecretStr, str]:
        if self.openai_base_url is None:
            writer, url = (variable(type(self), name) for name in ("writer", "openai_base_url"))
            raise WriterSettingMissingError(f"{writer}=local needs {url}")
        return SecretStr("none"), self.model or LOCAL_MODEL

    def _prices(self, model: str) -> dict[str, ModelPrice]:
        prices = self.model_input_usd_per_million, self.model_output_usd_per_million
        if prices[0] is None or prices[1] is None:
            return {}
        return {
            model: ModelPrice(input_usd_per_million=prices[0], output_usd_per_million=prices[1])
        }
