"""voice-svc: personas in, voice agents out."""

from persona_contracts import KNOWLEDGE_SEARCH_SUBJECT
from service_kit.access import Subjects
from service_kit.outbox import requeue
from service_kit.service import Service
from service_kit.settings import load, start

import voice_svc
from voice_svc.adapters.nats_knowledge import NEWS_SUBJECTS
from voice_svc.deps import build
from voice_svc.entrypoints.events import events
from voice_svc.entrypoints.http import API
from voice_svc.entrypoints.rpc import rpc
from voice_svc.entrypoints.workers import background, pools
from voice_svc.settings import VoiceSettings

SUBJECTS = Subjects(sends=(KNOWLEDGE_SEARCH_SUBJECT,), listens=NEWS_SUBJECTS)
"""It searches, and forgets answers when what they were made of changes."""


def main() -> None:
    """Serve, or migrate."""
    settings = load(VoiceSettings)
    service = Service(
        voice_svc,
        settings,
        streams={"VOICE": requeue},
        subjects=SUBJECTS,
        follows_personas=True,
    )
    deps = build(service, settings)
    service.run(
        deps, api=API, events=events, rpc=rpc, pools=pools(deps), background=background(deps)
    )


if __name__ == "__main__":
    start(main)
