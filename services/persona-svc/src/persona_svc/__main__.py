"""persona-svc: the source of truth for personas."""

from persona_contracts import impact_subject
from service_kit.access import Subjects
from service_kit.outbox import requeue
from service_kit.service import Service
from service_kit.settings import load, start
from service_kit.topology import KEY_STREAM, STATE_STREAM

import persona_svc
from persona_svc.adapters.api_keys import KeyDocuments, republish_keys
from persona_svc.adapters.nats_persona_users import SERVICES
from persona_svc.adapters.state_documents import StateDocuments, republish_all
from persona_svc.deps import build
from persona_svc.entrypoints.events import events
from persona_svc.entrypoints.http import API
from persona_svc.entrypoints.rpc import rpc
from persona_svc.entrypoints.workers import pools
from persona_svc.settings import PersonaSettings


def main() -> None:
    """Serve, or migrate."""
    settings = load(PersonaSettings)
    service = Service(
        persona_svc,
        settings,
        streams={"PERSONA": requeue, STATE_STREAM: republish_all, KEY_STREAM: republish_keys},
        sources=[KeyDocuments(), StateDocuments()],
        subjects=Subjects(sends=[impact_subject(name) for name in SERVICES]),
    )
    deps = build(service, settings)
    service.run(deps, api=API, events=events, rpc=rpc, pools=pools(deps))


if __name__ == "__main__":
    start(main)
