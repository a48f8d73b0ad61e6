"""What the routes, handlers and workers of draft-svc are given."""

from dataclasses import dataclass

from persona_client import Roster
from service_kit.service import Service
from service_kit.store import Store

from draft_svc.adapters.knowledge import NatsKnowledge
from draft_svc.adapters.offline_writer import OfflineWriter
from draft_svc.adapters.openai_writer import OpenAIWriter
from draft_svc.adapters.replies import NatsReplies
from draft_svc.adapters.writers import choose_writer
from draft_svc.settings import DraftSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftDeps:
    """Everything here lives as long as the process."""

    settings: DraftSettings
    store: Store
    roster: Roster
    replies: NatsReplies
    knowledge: NatsKnowledge
    writer: OfflineWriter | OpenAIWriter


def build(service: Service, settings: DraftSettings) -> DraftDeps:
    """Return the deps of this process.

    Raises:
        WriterSettingMissingError: the chosen writer lacks a setting, which the text names.
    """
    return DraftDeps(
        settings=settings,
        store=service.store,
        roster=service.roster,
        replies=NatsReplies(service.broker.publishing),
        knowledge=NatsKnowledge(service.broker.publishing),
        writer=choose_writer(settings),
    )
