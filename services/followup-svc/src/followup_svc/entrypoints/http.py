"""The HTTP API: its routers."""

import re

from service_kit.http_app import HttpApi

from followup_svc.entrypoints import (
    instances_api,
    sequences_api,
    settings_api,
    suppressions_api,
    templates_api,
)
from followup_svc.usecases.find_notices import find_notices

API = HttpApi(
    "Dramatis follow-ups",
    [
        sequences_api.router,
        templates_api.router,
        instances_api.starts,
        instances_api.router,
        settings_api.router,
        suppressions_api.router,
    ],
    long_bodies=re.compile("/api/sequences(/[^/]+(/instances|/preview)?)?|/api/templates/lint"),
    notices=[find_notices],
    description="Sequences of follow-ups in the voice of the right persona.",
)
