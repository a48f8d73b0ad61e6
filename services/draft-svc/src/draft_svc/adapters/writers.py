"""The writer that the settings ask for, by its name (ADR 0010)."""

from draft_svc.adapters.offline_writer import OfflineWriter
from draft_svc.adapters.openai_writer import OpenAIWriter
from draft_svc.settings import DraftSettings


def choose_writer(settings: DraftSettings) -> OfflineWriter | OpenAIWriter:
    """Return the writer named by DRAMATIS_DRAFT_WRITER; nothing is connected yet.

    Raises:
        WriterSettingMissingError: the text names the variable to set.
    """
    return OfflineWriter() if settings.writer == "offline" else OpenAIWriter(settings.endpoint())
