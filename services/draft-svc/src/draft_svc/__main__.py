"""draft-svc: replies in, drafts out."""

from persona_contracts import KNOWLEDGE_SEARCH_SUBJECT
from persona_model.nats_knowledge import NEWS
from service_kit.access import Subjects
from service_kit.outbox import requeue
from service_kit.service import Service
from service_kit.settings import load, start

import draft_svc
from draft_svc.deps import build
from draft_svc.entrypoints.events import events
from draft_svc.entrypoints.http import API
from draft_svc.entrypoints.workers import background, pools
from draft_svc.settings import DraftSettings

SUBJECTS = Subjects(sends=(KNOWLEDGE_SEARCH_SUBJECT, "lead.replied.v1.*"), listens=(NEWS,))
"""It searches, and stores the replies that come over HTTP."""


def main() -> None:
    """Serve, or migrate."""
    settings = load(DraftSettings)
    service = Service(
        draft_svc,
        settings,
        streams={"DRAFT": requeue},
        subjects=SUBJECTS,
        follows_personas=True,
    )
    deps = build(service, settings)
    service.run(deps, api=API, events=events, pools=pools(deps), background=background(deps))


if __name__ == "__main__":
    start(main)
