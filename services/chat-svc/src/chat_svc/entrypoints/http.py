"""The HTTP API: its routers."""

from service_kit.http_app import HttpApi

from chat_svc.entrypoints import chat_api, conversations_api, messages_api

API = HttpApi(
    "Dramatis chat",
    [
        chat_api.router,
        conversations_api.started,
        conversations_api.router,
        messages_api.router,
    ],
    description="Conversations in which a persona answers.",
)
