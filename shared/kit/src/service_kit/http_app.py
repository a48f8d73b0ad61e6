"""The HTTP side of a service: its routers, and everything around them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from persona_client import Roster
from starlette.types import ASGIApp, Receive, Scope, Send

from service_kit.audit_api import audit_router
from service_kit.contracts_page import install_contracts
from service_kit.dead_letters_api import dead_letters_router
from service_kit.docs_page import install_docs
from service_kit.errors_page import install_errors_page
from service_kit.guard import RequestGuard, UploadRoute
from service_kit.health import Health, livez, readyz, startupz
from service_kit.identity import Verifies
from service_kit.in_turn import Turns
from service_kit.lenient_requests import LenientRequests
from service_kit.metrics import RequestMetrics, metrics
from service_kit.notices import NoticeSource
from service_kit.notices_api import notices_router
from service_kit.problem import Problem, install_problem_handlers
from service_kit.rate_limits import RateLimits
from service_kit.request_ids import RequestIds
from service_kit.response_headers import declare_headers
from service_kit.stand_in_header import StandInHeader
from service_kit.store import Store
from service_kit.tracing import TELEMETRY


@dataclass(frozen=True, slots=True)
class HttpApi:
    """What a service says of its HTTP API; its routers come from `api_router`."""

    title: str
    routers: Sequence[APIRouter]
    _: KW_ONLY
    description: str = ""
    long_bodies: re.Pattern[str] | None = None
    """Paths whose bodies may have LONG_BODY_BYTES, because valid ones do: others MAX_BODY_BYTES."""
    notices: Sequence[NoticeSource] = ()
    """Who looks for what waits for people."""
    uploads: UploadRoute | None = None
    """The one route whose bodies may be larger still."""
    front: Callable[[ASGIApp], ASGIApp] | None = None
    """Makes what sees each request before any route does, and serves it or hands it on."""


class Front:
    """The front of an API, as Starlette takes it."""

    def __init__(self, app: ASGIApp, make: Callable[[ASGIApp], ASGIApp]) -> None:
        self._front = make(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._front(scope, receive, send)


class ServiceApp(FastAPI):
    """FastAPI whose `/openapi.json` also holds problem documents, and the headers of answers."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI 3.1 document."""
        document = super().openapi()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(problem.pop("$defs"))
        schemas["Problem"] = problem
        declare_headers(document, self.routes)
        return document


def common_routers(service: str, notices: Sequence[NoticeSource] = ()) -> Sequence[APIRouter]:
    """Return the routes that every service has."""
    return (
        audit_router(service),
        notices_router(service, notices),
        dead_letters_router(service),
    )


def build_app(
    api: HttpApi,
    *,
    version: str,
    store: Store,
    credentials: Verifies,
    health: Health,
    roster: Roster | None = None,
) -> FastAPI:
    """Return the ASGI app of a service: `api`, probes, metrics, `/openapi.json` and `/docs`.

    `roster` is that of a service that knows personas from memory. Callers may send as many requests
    as they like until `app.state.rate_limits` is another one; there are no dead letters until
    `app.state.parked` is set.
    """
    app = ServiceApp(
        title=api.title,
        version=version,
        description=api.description,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # `LenientRequests` serves them; a redirect may lose a body
        telemetry=TELEMETRY,
    )
    app.state.store, app.state.credentials, app.state.health = store, credentials, health
    app.state.roster, app.state.turns = roster, Turns()
    app.state.rate_limits = RateLimits()
    app.state.parked, app.state.standing_notices = None, ()
    for router in (*api.routers, *common_routers(store.service, api.notices)):
        app.include_router(router)
    probes = {"/livez": livez, "/readyz": readyz, "/startupz": startupz, "/metrics": metrics}
    for path, probe in probes.items():
        app.add_api_route(path, probe, include_in_schema=False)
    install_docs(app)
    install_errors_page(app)
    install_contracts(app)
    app.add_middleware(RequestGuard, long_bodies=api.long_bodies, uploads=api.uploads)
    app.add_middleware(LenientRequests)
    if api.front is not None:
        app.add_middleware(Front, make=api.front)
    install_problem_handlers(app)
    app.add_middleware(RequestMetrics)
    if health.stand_ins:
        app.add_middleware(StandInHeader, stand_ins=health.stand_ins)
    app.add_middleware(RequestIds)
    return app
