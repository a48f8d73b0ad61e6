"""studio-svc: browsers sign in, and reach every service at one origin."""

from service_kit.access import Subjects
from service_kit.service import Service
from service_kit.settings import load, start

import studio_svc
from studio_svc.adapters.nats_changes import SUBJECTS as EVENTS
from studio_svc.adapters.token_signer import ISSUER, TokenSigner
from studio_svc.deps import build
from studio_svc.entrypoints.events import events
from studio_svc.entrypoints.http import API
from studio_svc.entrypoints.workers import background, pools
from studio_svc.settings import StudioSettings

SUBJECTS = Subjects(listens=(EVENTS,))
"""It hears of every event, to tell browsers what changed."""


def main() -> None:
    """Serve, or migrate."""
    settings = load(StudioSettings)
    signer = TokenSigner(settings)
    service = Service(studio_svc, settings, streams={}, subjects=SUBJECTS)
    service.signs_as(ISSUER, signer)
    deps = build(service, settings, signer)
    service.run(deps, api=API, events=events, pools=pools(deps), background=background(deps))


if __name__ == "__main__":
    start(main)
