"""followup-svc: sequences of follow-ups, nothing sent with a hole in it, nothing sent twice."""

from importlib.metadata import version

from service_kit.http_app import HttpApi
from service_kit.outbox import requeue
from service_kit.service import Parts, Service
from service_kit.settings import load, start

from followup_svc.adapters.sequences import SequenceVersions
from followup_svc.entrypoints import instances_api, sequences_api, workspace_api
from followup_svc.entrypoints.events import subscriptions
from followup_svc.entrypoints.workers import due_pool
from followup_svc.settings import FollowupSvcSettings


def main() -> None:
    """Serve, or migrate."""
    settings = load(FollowupSvcSettings)
    versions = SequenceVersions()
    service = Service(
        "followup-svc",
        settings,
        subscriptions=lambda roster: subscriptions(roster, versions, settings.retry_delays_seconds),
        owned={"FOLLOWUP": requeue},
        follows_personas=True,
    )
    service.main(
        Parts(
            api=HttpApi(
                title="Dramatis follow-ups",
                version=version("followup-svc"),
                description="Sequences of follow-ups in the voice of the right persona.",
                routers=[
                    sequences_api.router,
                    sequences_api.templates,
                    instances_api.starts,
                    instances_api.router,
                    workspace_api.settings,
                    workspace_api.suppressions,
                ],
            ),
            state={"roster": service.roster, "versions": versions},
            pools=[due_pool(service, settings, versions)],
        )
    )


if __name__ == "__main__":
    start(main)
