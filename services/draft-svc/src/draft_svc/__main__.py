"""draft-svc: replies in, drafts out."""

from service_kit.http_app import HttpApi
from service_kit.outbox import requeue
from service_kit.service import Service
from service_kit.settings import load, start

import draft_svc
from draft_svc.deps import build
from draft_svc.entrypoints import api, intake
from draft_svc.entrypoints.events import events
from draft_svc.entrypoints.workers import background, pools
from draft_svc.settings import DraftSettings

API = HttpApi(
    "Dramatis drafts",
    [api.router, intake.router],
    description="Reply drafts in the voice of the right persona.",
)


def main() -> None:
    """Serve, or migrate."""
    settings = load(DraftSettings)
    service = Service(draft_svc, settings, streams={"DRAFT": requeue}, follows_personas=True)
    deps = build(service, settings)
    service.run(deps, api=API, events=events, pools=pools(deps), background=background(deps))


if __name__ == "__main__":
    start(main)
