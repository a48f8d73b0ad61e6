"""ingest-svc: files in, knowledge out."""

import sys

from service_kit.http_app import HttpApi
from service_kit.outbox import requeue
from service_kit.service import Service
from service_kit.settings import load, start

import ingest_svc
from ingest_svc.deps import build
from ingest_svc.entrypoints import files_api, knowledge_api, uploads_api
from ingest_svc.entrypoints.commands import reembed
from ingest_svc.entrypoints.events import events
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
    http = HttpApi(
        "Dramatis knowledge",
        [
            uploads_api.router,
            files_api.router,
            knowledge_api.router,
            uploads_api.aliases,
            files_api.aliases,
        ],
        description="The files of a persona, and what can be found in them.",
        uploads=uploads_api.ROUTE,
    )
    service.run(
        deps, api=http, events=events, rpc=rpc, pools=pools(deps), background=background(deps)
    )


if __name__ == "__main__":
    start(main)
