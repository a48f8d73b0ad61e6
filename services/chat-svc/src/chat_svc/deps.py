"""What the routes, handlers and workers of chat-svc are given."""

from dataclasses import dataclass

from persona_client import Roster
from persona_model.nats_knowledge import NatsKnowledge
from service_kit.service import Service
from service_kit.store import Store

from chat_svc.adapters.nats_deltas import NatsDeltas
from chat_svc.adapters.writers import choose_writer
from chat_svc.settings import ChatSettings
from chat_svc.usecases.follow_answer import FollowAnswer
from chat_svc.usecases.ports import Deltas, Knowledge, Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatDeps:
    """Everything here lives as long as the process."""

    settings: ChatSettings
    store: Store
    roster: Roster
    knowledge: Knowledge
    deltas: Deltas
    writer: Writer | None
    """None: no model is set up."""
    follow: FollowAnswer


def build(service: Service, settings: ChatSettings) -> ChatDeps:
    """Return the deps of this process."""
    deltas = NatsDeltas(service.broker.publishing)
    return ChatDeps(
        settings=settings,
        store=service.store,
        roster=service.roster,
        knowledge=NatsKnowledge(service.broker.publishing),
        deltas=deltas,
        writer=choose_writer(settings),
        follow=FollowAnswer(service.store, deltas, service.stopping),
    )
