"""The HTTP API: its routers, and what stands before them."""

from service_kit.http_app import HttpApi

from studio_svc.entrypoints import (
    changes_api,
    health_api,
    keys_api,
    login_api,
    oidc_api,
    sessions_api,
)
from studio_svc.entrypoints.front import Front

API = HttpApi(
    "Dramatis studio",
    [
        keys_api.router,
        login_api.router,
        login_api.codes,
        sessions_api.router,
        sessions_api.own,
        oidc_api.router,
        health_api.router,
        changes_api.router,
    ],
    description="Sign-in, and all services at one origin.",
    front=Front,
)
