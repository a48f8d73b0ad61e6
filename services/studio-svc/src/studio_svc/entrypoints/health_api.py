"""REST: how the services are."""

from service_kit.identity import Viewer
from service_kit.routing import api_router

from studio_svc.entrypoints.dependencies import Deps
from studio_svc.entrypoints.schemas import HealthDocument

router = api_router("/api/health", "health")


@router.get("", operation_id="getHealth", summary="Show how the services are")
async def health(_: Viewer, deps: Deps) -> HealthDocument:
    """Return what each service lacks, and what stands in for the real thing."""
    return HealthDocument.of(await deps.check_services.check())
