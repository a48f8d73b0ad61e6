"""The writer that the settings ask for, by its name (ADR 0010)."""

from service_kit.settings import SettingsError

from draft_svc.adapters.model_endpoint import ModelAbilities, ModelEndpoint, ModelPrice
from draft_svc.adapters.offline_writer import OfflineWriter
from draft_svc.adapters.openai_writer import OpenAIWriter
from draft_svc.settings import DraftSettings


class WriterSettingMissingError(SettingsError):
    """A writer was chosen without what it needs."""


def choose_writer(settings: DraftSettings) -> OfflineWriter | OpenAIWriter:
    """Return the writer named by DRAMATIS_DRAFT_WRITER; nothing is connected yet.

    Raises:
        WriterSettingMissingError: the text names the variable to set.
    """
    if settings.writer == "offline":
        return OfflineWriter()
    if settings.openai_api_key is None or not settings.openai_api_key.get_secret_value():
        raise WriterSettingMissingError(
            "DRAMATIS_DRAFT_WRITER=openai needs DRAMATIS_DRAFT_OPENAI_API_KEY, or OPENAI_API_KEY"
        )
    if not settings.model:
        raise WriterSettingMissingError("DRAMATIS_DRAFT_WRITER=openai needs DRAMATIS_DRAFT_MODEL")
    at_openai = settings.openai_base_url is None
    return OpenAIWriter(
        ModelEndpoint(
            api_key=settings.openai_api_key,
            model=settings.model,
            base_url=settings.openai_base_url,
            timeout_seconds=settings.model_timeout_seconds,
            abilities=ModelAbilities(
                json_schema=settings.model_takes_json_schema,
                temperature=settings.model_takes_temperature,
                max_tokens_field=settings.model_max_tokens_field
                or ("max_completion_tokens" if at_openai else "max_tokens"),
                system_role=settings.model_system_role or ("developer" if at_openai else "system"),
            ),
            prices=_prices(settings, settings.model),
        )
    )


def _prices(settings: DraftSettings, model: str) -> dict[str, ModelPrice]:
    prices = settings.model_input_usd_per_million, settings.model_output_usd_per_million
    if prices[0] is None or prices[1] is None:
        return {}
    price = ModelPrice(input_usd_per_million=prices[0], output_usd_per_million=prices[1])
    return {model: price}
