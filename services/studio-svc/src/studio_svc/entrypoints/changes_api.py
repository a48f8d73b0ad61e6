"""Server-sent events: what changed, for browsers to read again what they show."""

import json
from collections.abc import AsyncGenerator
from dataclasses import asdict
from time import monotonic
from typing import Final

from fastapi.responses import StreamingResponse
from service_kit.identity import Viewer
from service_kit.routing import api_router

from studio_svc.adapters.token_signer import LIFETIME
from studio_svc.deps import StudioDeps
from studio_svc.domain.browser_session import BrowserSession
from studio_svc.domain.change import Changes
from studio_svc.entrypoints.dependencies import Deps, OfSession
from studio_svc.usecases.has_ended import has_ended

PING_SECONDS = 15.0
"""So often a quiet stream shows that it lives, and each looks whether its session does."""
RETRY_MS: Final = 1_000
HEADERS: Final = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}

router = api_router("/events", "changes")


@router.get("", include_in_schema=False)
async def follow(viewer: Viewer, current: OfSession, deps: Deps) -> StreamingResponse:
    """Say `hello`, then what `changed`; it ends with the session, or with the token of a caller."""
    events = _events(deps, viewer.workspace_id, current)
    return StreamingResponse(events, headers=HEADERS, media_type="text/event-stream")


async def _events(
    deps: StudioDeps, workspace_id: str, current: BrowserSession | None
) -> AsyncGenerator[str]:
    began_at = checked_at = monotonic()
    with deps.changes.listen(workspace_id) as listener:
        yield f"retry: {RETRY_MS}\nevent: hello\ndata: {{}}\n\n"
        while not listener.is_over:
            changes = await listener.next(PING_SECONDS)
            if monotonic() - checked_at >= PING_SECONDS:
                checked_at = monotonic()
                is_old = checked_at - began_at > LIFETIME.total_seconds()
                if is_old if current is None else await has_ended(deps.store, current):
                    return
            yield ": ping\n\n" if changes is None else _event(changes)


def _event(changes: Changes) -> str:
    told = {"all": True} if changes.is_all else {"items": [asdict(each) for each in changes.items]}
    return f"event: changed\ndata: {json.dumps(told)}\n\n"
