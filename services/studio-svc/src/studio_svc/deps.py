"""What the routes, handlers and workers of studio-svc are given."""

import asyncio
from dataclasses import dataclass

from service_kit.service import Service
from service_kit.store import Store

from studio_svc.adapters.http_services import HttpServices
from studio_svc.adapters.nats_changes import NatsChanges
from studio_svc.adapters.oidc_provider import OidcProvider, choose_provider
from studio_svc.adapters.routes import load_routes
from studio_svc.adapters.site import Site
from studio_svc.adapters.token_signer import TokenSigner
from studio_svc.domain.route_table import RouteTable
from studio_svc.settings import StudioSettings
from studio_svc.usecases.check_services import CheckServices
from studio_svc.usecases.follow_changes import FollowChanges


@dataclass(frozen=True, slots=True, kw_only=True)
class StudioDeps:
    """Everything here lives as long as the process."""

    settings: StudioSettings
    store: Store
    signer: TokenSigner
    services: HttpServices
    routes: RouteTable
    site: Site
    check_services: CheckServices
    changes: FollowChanges
    hear_changes: NatsChanges
    stopping: asyncio.Event
    oidc: OidcProvider | None
    """None: no identity provider is set up."""


def build(service: Service, settings: StudioSettings, signer: TokenSigner) -> StudioDeps:
    """Return the deps of this process."""
    services, changes = HttpServices(settings.services), FollowChanges()
    return StudioDeps(
        settings=settings,
        store=service.store,
        signer=signer,
        services=services,
        routes=load_routes(),
        site=Site(),
        check_services=CheckServices(services),
        changes=changes,
        hear_changes=NatsChanges(service.broker.publishing, changes.note, changes.note_gap),
        stopping=service.stopping,
        oidc=choose_provider(settings),
    )
