"""The HTTP API: its routers."""

import re

from service_kit.http_app import HttpApi

from draft_svc.entrypoints import drafts_api, replies_api
from draft_svc.usecases.find_notices import find_notices

API = HttpApi(
    "Dramatis drafts",
    [drafts_api.router, replies_api.router],
    long_bodies=re.compile("/api/replies|/api/drafts/[^/]+/approve"),
    notices=[find_notices],
    description="Reply drafts in the voice of the right persona.",
)
