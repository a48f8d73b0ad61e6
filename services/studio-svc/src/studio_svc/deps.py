"""What the routes, handlers and workers of studio-svc are given."""

from dataclasses import dataclass

from service_kit.service import Service
from service_kit.store import Store

from studio_svc.adapters.http_services import HttpServices
from studio_svc.adapters.routes import load_routes
from studio_svc.adapters.site import Site
from studio_svc.adapters.token_signer import TokenSigner
from studio_svc.domain.route_table import RouteTable
from studio_svc.settings import StudioSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class StudioDeps:
    """Everything here lives as long as the process."""

    settings: StudioSettings
    store: Store
    signer: TokenSigner
    services: HttpServices
    routes: RouteTable
    site: Site


def build(service: Service, settings: StudioSettings, signer: TokenSigner) -> StudioDeps:
    """Return the deps of this process."""
    return StudioDeps(
        settings=settings,
        store=service.store,
        signer=signer,
        services=HttpServices(settings.services),
        routes=load_routes(),
        site=Site(),
    )
