"""REST: calls."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from fastapi.responses import StreamingResponse
from persona_contracts import ExternalId
from pydantic import AwareDatetime
from service_kit.identity import OF_OWN_PERSONAS, Principal, Viewer
from service_kit.in_turn import in_turn
from service_kit.paging import Page, Paging
from service_kit.problem import problem_responses
from service_kit.routing import WorkspaceSession, api_router

from voice_svc.adapters import calls
from voice_svc.adapters.calls import CallFilter
from voice_svc.deps import VoiceDeps
from voice_svc.domain.call import CallNotFoundError
from voice_svc.entrypoints.dependencies import Deps
from voice_svc.entrypoints.schemas.calls import CallDocument, ListedCallDocument
from voice_svc.usecases.find_hidden import find_hidden

router = api_router("/api/calls", "calls")
EXPORT_BATCH = 5
NDJSON = "application/x-ndjson"


async def _filter(
    persona_id: UUID | None = None,
    lead_id: ExternalId | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> CallFilter:
    """Take which calls; `since` and `until` bound their start."""
    return CallFilter(persona_id=persona_id, lead_id=lead_id, since=since, until=until)


Filters = Annotated[CallFilter, Depends(_filter)]


@router.get(
    "",
    operation_id="listCalls",
    summary="List calls, newest first",
    responses=problem_responses(503),
    dependencies=OF_OWN_PERSONAS,
)
async def list_calls(
    viewer: Viewer, session: WorkspaceSession, paging: Paging, filters: Filters, deps: Deps
) -> Page[ListedCallDocument]:
    """Return the calls of this workspace that match every given filter, without transcripts.

    Those of deleted personas are hidden; they are shown again when the persona is back.
    """
    filters["hidden"] = await find_hidden(session, deps.roster, viewer.workspace_id)
    found = await calls.page(session, filters, paging.start_after(UUID), paging.rows)
    return paging.page(list(map(ListedCallDocument.of, found)), lambda call: call.call_id)


@router.get(
    "/export",
    operation_id="exportCalls",
    summary="Export calls, newest first",
    response_class=Response,
    responses={200: {"content": {NDJSON: {}}, "description": "A call in a line, as JSON."}},
    dependencies=[*OF_OWN_PERSONAS, Depends(in_turn)],
)
async def export(viewer: Viewer, deps: Deps, filters: Filters) -> StreamingResponse:
    """Return all calls that match, whole, a line each; those of deleted personas, too."""
    lines = _lines(deps, viewer, filters)
    return StreamingResponse(lines, media_type=NDJSON)


@router.get(
    "/{call_id}",
    operation_id="getCall",
    summary="Show a call",
    responses=problem_responses(404, 503),
    dependencies=OF_OWN_PERSONAS,
)
async def get_call(
    call_id: UUID, viewer: Viewer, session: WorkspaceSession, deps: Deps
) -> CallDocument:
    """Return a call with its transcript, and the places that the agent was told."""
    call = await calls.get(session, call_id)
    if call.speaker.persona_id in await find_hidden(session, deps.roster, viewer.workspace_id):
        raise CallNotFoundError(f"no call {call_id}")
    return CallDocument.whole(call)


async def _lines(deps: VoiceDeps, viewer: Principal, filters: CallFilter) -> AsyncIterator[str]:
    last: UUID | None = None
    while True:
        async with deps.store.workspace(viewer.workspace_id, viewer.persona_ids) as session:
            found = await calls.whole_page(session, filters, last, EXPORT_BATCH)
        for call in found:
            yield f"{CallDocument.whole(call).model_dump_json()}\n"
        if len(found) < EXPORT_BATCH:
            return
        last = found[-1].call_id
