"""The HTTP API: its routers."""

from service_kit.http_app import HttpApi

from voice_svc.entrypoints import agents_api

API = HttpApi(
    "Dramatis voice",
    [agents_api.router],
    description="Every persona with its own voice agent, always in step with it.",
)
