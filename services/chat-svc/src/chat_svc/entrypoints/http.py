"""The HTTP API: its routers."""

import re

from service_kit.http_app import HttpApi

from chat_svc.entrypoints import (
    chat_api,
    conversations_api,
    gaps_api,
    messages_api,
    openai_api,
    prompt_tests_api,
    user_conversations_api,
)
from chat_svc.entrypoints.openai_errors import OpenAIErrors

API = HttpApi(
    "Dramatis chat",
    [
        chat_api.router,
        conversations_api.started,
        conversations_api.router,
        gaps_api.router,
        messages_api.router,
        openai_api.router,
        prompt_tests_api.router,
        user_conversations_api.router,
    ],
    long_bodies=re.compile(
        "/chat/[^/]+|/api/(user-)?conversations/import|/api/openai/v1/chat/completions|/api/conversations/[^/]+/messages/[^/]+/edit"
        "|/api/knowledge/gaps/[^/]+/answer|/api/personas/[^/]+/prompts/test"
    ),
    front=OpenAIErrors,
    description="Conversations in which a persona answers.",
)
