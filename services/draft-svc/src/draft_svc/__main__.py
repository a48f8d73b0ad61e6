"""draft-svc: replies in, drafts out."""

from service_kit.outbox import requeue
from service_kit.service import Service
from service_kit.settings import load, start

import draft_svc
from draft_svc.deps import build
from draft_svc.entrypoints.events import events
from draft_svc.entrypoints.http import API
from draft_svc.entrypoints.workers import background, pools
from draft_svc.settings import DraftSettings


def main() -> None:
    """Serve, or migrate."""
    settings = load(DraftSettings)
    service = Service(draft_svc, settings, streams={"DRAFT": requeue}, follows_personas=True)
    deps = build(service, settings)
    service.run(deps, api=API, events=events, pools=pools(deps), background=background(deps))


if __name__ == "__main__":
    start(main)
