"""What the routes, handlers and workers of draft-svc are given."""

from dataclasses import dataclass

from persona_client import Roster
from persona_model.nats_knowledge import NatsKnowledge
from service_kit.service import Service
from service_kit.store import Store

from draft_svc.adapters.cleaning_pool import CleaningPool
from draft_svc.adapters.nats_replies import NatsReplies
from draft_svc.adapters.writers import choose_writer
from draft_svc.settings import DraftSettings
from draft_svc.usecases.ports import Cleaner, Knowledge, Replies, Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftDeps:
    """Everything here lives as long as the process."""

    settings: DraftSettings
    store: Store
    roster: Roster
    replies: Replies
    knowledge: Knowledge
    cleaner: Cleaner
    writer: Writer


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
        cleaner=CleaningPool(),
        writer=choose_writer(settings),
    )
