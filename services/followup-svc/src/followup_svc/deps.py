"""What the routes, handlers and workers of followup-svc are given."""

from dataclasses import dataclass

from persona_client import Roster
from service_kit.service import Service
from service_kit.store import Store

from followup_svc.adapters.sequence_versions import SequenceVersions
from followup_svc.settings import FollowupSvcSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowupDeps:
    """Everything here lives as long as the process."""

    settings: FollowupSvcSettings
    store: Store
    roster: Roster
    versions: SequenceVersions


def build(service: Service, settings: FollowupSvcSettings) -> FollowupDeps:
    """Return the deps of this process."""
    return FollowupDeps(
        settings=settings, store=service.store, roster=service.roster, versions=SequenceVersions()
    )
