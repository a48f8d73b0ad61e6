"""ingest-svc: files in, knowledge out."""

import sys

from service_kit.outbox import requeue
from service_kit.service import Service
from service_kit.settings import load, start

import ingest_svc
from ingest_svc.deps import build
from ingest_svc.entrypoints.commands import reembed
from ingest_svc.entrypoints.events import events
from ingest_svc.entrypoints.http import API
from ingest_svc.entrypoints.rpc import rpc
from ingest_svc.entrypoints.workers import background, pools
from ingest_svc.settings import IngestSettings


def main() -> None:
    """Serve, migrate, or move the passages to another embedder."""
    settings = load(IngestSettings)
    service = Service(ingest_svc, settings, streams={"KNOWLEDGE": requeue}, follows_personas=True)
    deps = build(service, settings)
    if sys.argv[1:] == ["reembed"]:
        reembed(deps)
        return
    service.run(
        deps, api=API, events=events, rpc=rpc, pools=pools(deps), background=background(deps)
    )


if __name__ == "__main__":
    start(main)
