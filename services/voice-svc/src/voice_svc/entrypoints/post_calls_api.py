"""The provider tells that a call has ended."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.routing import APIRoute
from prometheus_client import Counter
from pydantic import BaseModel
from service_kit.json_bodies import JsonRequest
from service_kit.problem import problem_responses
from service_kit.routing import deps_of
from service_kit.store import database_now
from structlog import get_logger

from voice_svc.deps import VoiceDeps
from voice_svc.domain.signature import (
    SignatureRefusedError,
    require_recent,
    signatures,
    verify_signature,
)
from voice_svc.entrypoints.dependencies import Deps
from voice_svc.entrypoints.schemas.post_calls import OtherWebhook, Webhook
from voice_svc.usecases.record_call import record_call

SIGNATURE_HEADER = "ElevenLabs-Signature"

log = get_logger(__name__)
post_calls_total = Counter(
    "dramatis_voice_post_calls_total", "Calls that the provider told of.", ["outcome"]
)


class SignedRoute(APIRoute):
    """Knows that the provider has signed the body before it is read as anything."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler that lets only what is signed in."""
        handle = super().get_route_handler()

        async def handle_signed(request: Request) -> Response:
            request = JsonRequest(request.scope, request.receive)
            deps = await deps_of(VoiceDeps)(request)
            secret = deps.settings.webhook_secret
            header = request.headers.get(SIGNATURE_HEADER)
            if secret is None or header is None:
                raise SignatureRefusedError(
                    "No signature can be taken: DRAMATIS_VOICE_WEBHOOK_SECRET is not set."
                    if secret is None
                    else f"Send {SIGNATURE_HEADER}."
                )
            signatures(header)  # before the body is read
            request.state.signed_at = verify_signature(
                header, await request.body(), secret.get_secret_value()
            )
            return await handle(request)

        return handle_signed


router = APIRouter(
    prefix="/elevenlabs",
    tags=["provider"],
    route_class=SignedRoute,
    responses=problem_responses(400, 401, 413, 415, 422, 503),
)


class PostCallAnswer(BaseModel):
    """What became of what was told."""

    outcome: str


@router.post("/post-call", operation_id="recordCall", summary="Take what a call was like")
async def take(
    body: Webhook,
    request: Request,
    deps: Deps,
    _: Annotated[str, Header(alias=SIGNATURE_HEADER, description="`t=…,v0=…`")] = "",
) -> PostCallAnswer:
    """Store a call once; other webhooks, and calls of agents that are not ours, are counted."""
    async with deps.store.worker() as session:
        window = timedelta(seconds=deps.settings.webhook_window_seconds)
        require_recent(request.state.signed_at, await database_now(session), window)
        if isinstance(body, OtherWebhook):
            outcome = "other"
        else:
            outcome = str(await record_call(session, body.data.call()))
    post_calls_total.labels(outcome).inc()
    log.info("call.told", outcome=outcome)
    return PostCallAnswer(outcome=outcome)
