"""note-svc: replies in, notes out."""

from service_kit.http_app import HttpApi
from service_kit.outbox import requeue
from service_kit.service import Service
from service_kit.settings import load, start

import note_svc
from note_svc.deps import build
from note_svc.entrypoints import notes_api
from note_svc.entrypoints.events import events
from note_svc.entrypoints.workers import pools
from note_svc.settings import NoteSettings


def main() -> None:
    """Serve, or migrate."""
    settings = load(NoteSettings)
    service = Service(note_svc, settings, streams={"DRAFT": requeue})
    deps = build(service)
    service.run(deps, api=HttpApi("Notes", [notes_api.router]), events=events, pools=pools(deps))


if __name__ == "__main__":
    start(main)
