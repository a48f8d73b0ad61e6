"""The HTTP API: its routers."""

import re

from service_kit.guard import UploadRoute
from service_kit.http_app import HttpApi

from persona_svc.entrypoints import (
    campaigns_api,
    keys_api,
    models_api,
    personas_api,
    prompt_templates_api,
    prompts_api,
    versions_api,
    workspace_api,
)
from persona_svc.usecases.find_notices import find_notices

MAX_IMPORT_BYTES = 10 * 1024 * 1024
"""Character cards come with a picture."""

API = HttpApi(
    "Dramatis personas",
    [
        workspace_api.router,
        models_api.router,
        campaigns_api.router,
        versions_api.router,
        personas_api.router,
        prompts_api.router,
        prompts_api.old_router,
        prompt_templates_api.router,
        prompt_templates_api.old_router,
        keys_api.router,
    ],
    long_bodies=re.compile(
        "/api/personas(/[^/]+(/settings|/prompts/(validate|[^/]+/[^/]+/versions))?)?"
        "|/api/workspace/settings|/api/campaigns/assignments|/api/prompt-templates/[^/]+"
    ),
    uploads=UploadRoute(re.compile("/api/personas/import"), MAX_IMPORT_BYTES, in_memory=True),
    notices=[find_notices],
    description="How the AI of a workspace speaks: edit it once, everybody follows.",
)
