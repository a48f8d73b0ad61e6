"""REST, in every service: who did what."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from persona_contracts import ExternalId
from pydantic import AwareDatetime, BaseModel

from service_kit import audit
from service_kit.audit import AuditEntry, AuditFilter
from service_kit.identity import Viewer
from service_kit.in_turn import in_turn
from service_kit.paging import Page, Paging
from service_kit.routing import WorkspaceSession, api_router
from service_kit.store import Store

NDJSON = "application/x-ndjson"
EXPORT_BATCH = 500
FIRST = "persona-svc"
"""It had a trail before the others: the ids of its routes stay."""


class AuditEntryDocument(BaseModel):
    """Who did what, and when."""

    audit_id: UUID
    at: datetime
    actor: str
    role: str
    action: str
    entity: str
    entity_id: str
    before_version: int | None
    after_version: int | None
    summary: str | None

    @classmethod
    def of(cls, entry: AuditEntry) -> Self:
        """Return the document of an entry."""
        return cls.model_validate(entry, from_attributes=True)


async def _filter(
    entity_id: ExternalId | None = None,
    actor: ExternalId | None = None,
    action: Annotated[ExternalId | None, Query(description="Such as `draft.approve`.")] = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> AuditFilter:
    return AuditFilter(entity_id=entity_id, actor=actor, action=action, since=since, until=until)


Filters = Annotated[AuditFilter, Depends(_filter)]


def audit_router(service: str) -> APIRouter:
    """Return the routes of the audit trail of `service`, with ids that no other service has."""
    named = "" if service == FIRST else service.removesuffix("-svc").title()
    router = api_router("/api/audit", "audit")
    router.add_api_route(
        "",
        _list_entries,
        operation_id=f"list{named}AuditEntries",
        summary="Show who changed what, newest first",
    )
    router.add_api_route(
        "/export",
        _export,
        operation_id=f"export{named}AuditEntries",
        summary="Export who changed what, newest first",
        response_class=Response,
        responses={200: {"content": {NDJSON: {}}, "description": "An entry in a line, as JSON."}},
        dependencies=[Depends(in_turn)],
    )
    return router


async def _list_entries(
    viewer: Viewer, session: WorkspaceSession, paging: Paging, filters: Filters
) -> Page[AuditEntryDocument]:
    """Return the entries of this service that match every given filter."""
    found = await audit.page(
        session, viewer.workspace_id, filters, paging.start_after(UUID), paging.rows
    )
    documents = [AuditEntryDocument.of(entry) for entry in found]
    return paging.page(documents, lambda document: document.audit_id)


async def _export(viewer: Viewer, request: Request, filters: Filters) -> StreamingResponse:
    """Return all entries of this service that match, a line each."""
    lines = _lines(request.app.state.store, viewer.workspace_id, filters)
    return StreamingResponse(lines, media_type=NDJSON)


async def _lines(store: Store, workspace_id: str, filters: AuditFilter) -> AsyncIterator[str]:
    last: UUID | None = None
    while True:
        async with store.workspace(workspace_id) as session:
            found = await audit.page(session, workspace_id, filters, last, EXPORT_BATCH)
        for entry in found:
            yield f"{AuditEntryDocument.of(entry).model_dump_json()}\n"
        if len(found) < EXPORT_BATCH:
            return
        last = found[-1].audit_id
