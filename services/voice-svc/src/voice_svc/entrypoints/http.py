"""The HTTP API: its routers."""

import re

from service_kit.guard import UploadRoute
from service_kit.http_app import HttpApi

from voice_svc.entrypoints import (
    agents_api,
    calls_api,
    function_calls_api,
    post_calls_api,
    speech_api,
    voice_sessions_api,
    voices_api,
)
from voice_svc.usecases.find_notices import find_notices

MAX_POST_CALL_BYTES = 8 * 1024 * 1024
"""A long call has a long transcript."""

API = HttpApi(
    "Dramatis voice",
    [
        agents_api.router,
        calls_api.router,
        function_calls_api.router,
        function_calls_api.stats_router,
        post_calls_api.router,
        voice_sessions_api.router,
        speech_api.router,
        voices_api.router,
    ],
    notices=[find_notices],
    description="Every persona with its own voice agent, always in step with it.",
    uploads=UploadRoute(
        re.compile("/elevenlabs/post-call"), max_body_bytes=MAX_POST_CALL_BYTES, in_memory=True
    ),
)
