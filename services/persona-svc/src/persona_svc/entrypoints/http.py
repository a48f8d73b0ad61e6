"""The HTTP API: its routers."""

from service_kit.http_app import HttpApi

from persona_svc.entrypoints import campaigns_api, personas_api, versions_api, workspace_api

API = HttpApi(
    "Dramatis personas",
    [workspace_api.router, campaigns_api.router, versions_api.router, personas_api.router],
    description="How the AI of a workspace speaks: edit it once, everybody follows.",
)
