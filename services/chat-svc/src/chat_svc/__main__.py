"""chat-svc: messages in, answers out, word by word."""

from persona_contracts import KNOWLEDGE_SEARCH_SUBJECT
from persona_model.nats_knowledge import NEWS
from service_kit.access import Subjects
from service_kit.outbox import requeue
from service_kit.service import Service
from service_kit.settings import load, start

import chat_svc
from chat_svc.adapters.nats_deltas import SUBJECTS as DELTAS
from chat_svc.deps import build
from chat_svc.entrypoints.events import events
from chat_svc.entrypoints.http import API
from chat_svc.entrypoints.workers import background, pools
from chat_svc.settings import ChatSettings

SUBJECTS = Subjects(sends=(KNOWLEDGE_SEARCH_SUBJECT, DELTAS), listens=(NEWS, DELTAS))
"""It searches, and its processes tell each other the words of answers."""


def main() -> None:
    """Serve, or migrate."""
    settings = load(ChatSettings)
    service = Service(
        chat_svc,
        settings,
        streams={"CHAT": requeue},
        subjects=SUBJECTS,
        follows_personas=True,
    )
    deps = build(service, settings)
    service.run(deps, api=API, events=events, pools=pools(deps), background=background(deps))


if __name__ == "__main__":
    start(main)
