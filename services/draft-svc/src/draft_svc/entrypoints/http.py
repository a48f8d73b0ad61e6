"""The HTTP API: its routers."""

from service_kit.http_app import HttpApi

from draft_svc.entrypoints import api, intake

API = HttpApi(
    "Dramatis drafts",
    [api.router, intake.router],
    description="Reply drafts in the voice of the right persona.",
)
