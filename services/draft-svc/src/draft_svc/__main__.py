"""draft-svc: replies in, drafts out."""

from importlib.metadata import version

from service_kit.http_app import HttpApi
from service_kit.outbox import requeue
from service_kit.service import Parts, Service
from service_kit.settings import load, start

from draft_svc.adapters.replies import NatsReplies
from draft_svc.adapters.writers import choose_writer
from draft_svc.entrypoints import api, intake
from draft_svc.entrypoints.events import SUBSCRIPTIONS
from draft_svc.entrypoints.workers import draft_pool, erase_pool
from draft_svc.settings import DraftSettings


def main() -> None:
    """Serve, or migrate."""
    settings = load(DraftSettings)
    writer = choose_writer(settings)
    service = Service(
        "draft-svc",
        settings,
        subscriptions=lambda _: SUBSCRIPTIONS,
        owned={"DRAFT": requeue},
        follows_personas=True,
    )
    service.main(
        Parts(
            api=HttpApi(
                title="Dramatis drafts",
                version=version("draft-svc"),
                description="Reply drafts in the voice of the right persona.",
                routers=[api.router, intake.router],
            ),
            state={
                "roster": service.roster,
                "replies": NatsReplies(service.broker.publishing),
            },
            pools=[draft_pool(service, settings, writer), erase_pool(service.store)],
            stand_ins=[f"writer:{writer.name}"] if writer.is_stand_in else [],
            start=writer.start,
        )
    )


if __name__ == "__main__":
    start(main)
