"""The HTTP API: its routers."""

import re

from service_kit.http_app import HttpApi

from ingest_svc.entrypoints import files_api, knowledge_api, uploads_api
from ingest_svc.usecases.find_notices import find_notices

API = HttpApi(
    "Dramatis knowledge",
    [
        uploads_api.router,
        files_api.router,
        knowledge_api.router,
        knowledge_api.counts,
        uploads_api.aliases,
        files_api.aliases,
    ],
    notices=[find_notices],
    description="The files of a persona, and what can be found in them.",
    long_bodies=re.compile(
        "(/api)?/personas/[^/]+/(files/delete|files/[^/]+/tags|knowledge/search)"
    ),
    uploads=uploads_api.ROUTE,
)
