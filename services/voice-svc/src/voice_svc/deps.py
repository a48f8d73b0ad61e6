"""What the routes, handlers and workers of voice-svc are given."""

from dataclasses import dataclass

from persona_client import Roster
from service_kit.service import Service
from service_kit.store import Store

from voice_svc.settings import VoiceSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceDeps:
    """Everything here lives as long as the process."""

    settings: VoiceSettings
    store: Store
    roster: Roster


def build(service: Service, settings: VoiceSettings) -> VoiceDeps:
    """Return the deps of this process."""
    return VoiceDeps(settings=settings, store=service.store, roster=service.roster)
