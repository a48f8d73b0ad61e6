"""persona-svc: the source of truth for personas."""

from importlib.metadata import version

from service_kit.http_app import HttpApi
from service_kit.outbox import requeue
from service_kit.service import Parts, Service
from service_kit.settings import load, start
from service_kit.topology import STATE_STREAM

from persona_svc.adapters.state_documents import StateDocuments, republish_all
from persona_svc.deps import build
from persona_svc.entrypoints import campaigns_api, personas_api, versions_api, workspace_api
from persona_svc.entrypoints.events import SUBSCRIPTIONS
from persona_svc.entrypoints.workers import pools
from persona_svc.settings import PersonaSettings


def main() -> None:
    """Serve, or migrate."""
    settings = load(PersonaSettings)
    service = Service(
        "persona-svc",
        settings,
        subscriptions=lambda _: SUBSCRIPTIONS,
        owned={"PERSONA": requeue, STATE_STREAM: republish_all},
    )
    deps = build(service, settings)
    service.main(
        Parts(
            api=HttpApi(
                title="Dramatis personas",
                version=version("persona-svc"),
                description="How the AI of a workspace speaks: edit it once, everybody follows.",
                routers=[
                    workspace_api.router,
                    campaigns_api.router,
                    versions_api.router,
                    personas_api.router,
                ],
            ),
            state={"deps": deps},
            pools=pools(deps),
            sources=[StateDocuments()],
        )
    )


if __name__ == "__main__":
    start(main)
