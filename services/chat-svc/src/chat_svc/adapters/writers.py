"""The writer that the settings ask for, by its name (ADR 0010)."""

from chat_svc.adapters.offline_writer import OfflineWriter
from chat_svc.adapters.openai_writer import OpenAIWriter
from chat_svc.settings import ChatSettings


def choose_writer(settings: ChatSettings) -> OfflineWriter | OpenAIWriter | None:
    """Return the writer named by DRAMATIS_CHAT_WRITER; None: it has no model, or no key."""
    if not settings.is_configured:
        return None
    return OfflineWriter() if settings.writer == "offline" else OpenAIWriter(settings.endpoint())
