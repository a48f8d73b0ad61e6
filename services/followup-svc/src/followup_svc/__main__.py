"""followup-svc: sequences of follow-ups, nothing sent with a hole in it, nothing sent twice."""

from service_kit.outbox import requeue
from service_kit.service import Service
from service_kit.settings import load, start

import followup_svc
from followup_svc.deps import build
from followup_svc.entrypoints.events import events
from followup_svc.entrypoints.http import API
from followup_svc.entrypoints.rpc import rpc
from followup_svc.entrypoints.workers import pools
from followup_svc.settings import FollowupSvcSettings


def main() -> None:
    """Serve, or migrate."""
    settings = load(FollowupSvcSettings)
    service = Service(followup_svc, settings, streams={"FOLLOWUP": requeue}, follows_personas=True)
    deps = build(service, settings)
    service.run(deps, api=API, events=events, rpc=rpc, pools=pools(deps))


if __name__ == "__main__":
    start(main)
