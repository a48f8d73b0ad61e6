"""REST: versions of a persona, export and import."""

import asyncio
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from service_kit.errors import FieldError, InvalidError
from service_kit.identity import Viewer
from service_kit.paging import Page, Paging
from service_kit.problem import problem_responses
from service_kit.response_headers import Created, Tagged
from service_kit.routing import WorkspaceSession, api_router

from persona_svc.adapters import personas, versions
from persona_svc.adapters.starters import starters
from persona_svc.domain.character_card import to_card
from persona_svc.domain.markdown import PersonaFile, to_markdown
from persona_svc.domain.persona import MAX_NAME_CHARS
from persona_svc.domain.persona_import import read_import
from persona_svc.entrypoints.dependencies import (
    Creating,
    Editing,
    LockedPersona,
    created_answer,
    persona_answer,
)
from persona_svc.entrypoints.schemas.persona import ImportedPersonaDocument, PersonaDocument
from persona_svc.entrypoints.schemas.version import (
    DiffDocument,
    VersionDocument,
    VersionSummaryDocument,
)
from persona_svc.usecases.export_persona import export_persona
from persona_svc.usecases.import_persona import import_persona
from persona_svc.usecases.restore_version import restore_version

router = api_router("/api/personas", "personas")
FOUND = problem_responses(404)
MARKDOWN, JSON = "text/markdown", "application/json"


class MarkdownResponse(PlainTextResponse):
    """A Markdown file."""

    media_type = MARKDOWN


class StarterUnknownError(InvalidError):
    """There is no archetype with this id."""

    slug = "starter-unknown"


@router.get(
    "/{persona_id}/versions",
    operation_id="listPersonaVersions",
    summary="List versions, newest first",
    responses=FOUND,
)
async def list_versions(
    persona_id: UUID, viewer: Viewer, session: WorkspaceSession, paging: Paging
) -> Page[VersionSummaryDocument]:
    """Return who changed what, and when."""
    await personas.get(session, viewer.workspace_id, persona_id)
    found = await versions.page(
        session,
        viewer.workspace_id,
        persona_id,
        paging.start_after(int),
        paging.rows,
    )
    documents = [VersionSummaryDocument.of(version) for version in found]
    return paging.page(documents, lambda document: document.version)


@router.get(
    "/{persona_id}/versions/{version}",
    operation_id="getPersonaVersion",
    summary="Show a version",
    responses=FOUND,
)
async def show_version(
    persona_id: UUID, version: int, viewer: Viewer, session: WorkspaceSession
) -> VersionDocument:
    """Return the persona as it was."""
    found = await versions.get(session, viewer.workspace_id, persona_id, version)
    return VersionDocument.whole(found)


@router.get(
    "/{persona_id}/versions/{version}/diff/{other}",
    operation_id="comparePersonaVersions",
    summary="Compare two versions",
    responses=FOUND,
)
async def compare_versions(
    persona_id: UUID, version: int, other: int, viewer: Viewer, session: WorkspaceSession
) -> DiffDocument:
    """Return what differs, field by field; texts also as a unified diff."""
    before, after = [
        await versions.get(session, viewer.workspace_id, persona_id, number)
        for number in (version, other)
    ]
    return DiffDocument.of(before, after)


@router.post(
    "/{persona_id}/versions/{version}/restore",
    operation_id="restorePersonaVersion",
    summary="Restore a version",
    responses=problem_responses(404, 409, 412),
)
async def restore(
    persona: LockedPersona, version: int, change: Editing, response: Tagged
) -> PersonaDocument:
    """Make a new version that equals an old one."""
    restored = await restore_version(change, persona, version)
    return persona_answer(restored, change.workspace, response)


_CARD_EXAMPLE = {
    "spec": "chara_card_v2",
    "spec_version": "2.0",
    "data": {"name": "Nova", "description": "Nova sells bicycles.", "personality": "calm"},
}
_CARD_CONTENT: dict[str, Any] = {"schema": {"type": "object"}, "example": _CARD_EXAMPLE}
_MARKDOWN_CONTENT: dict[str, Any] = {
    "schema": {"type": "string"},
    "example": "---\nname: Consultative\ntone: calm, curious\n---\n\n# How to answer\n",
}


@router.get(
    "/{persona_id}/export",
    operation_id="exportPersona",
    summary="Export a persona",
    response_class=MarkdownResponse,
    responses={**FOUND, 200: {"content": {JSON: _CARD_CONTENT}}},
)
async def export(
    persona_id: UUID,
    viewer: Viewer,
    session: WorkspaceSession,
    file_format: Annotated[
        Literal["markdown", "card"],
        Query(alias="format", description="`card`: a character card, which holds less."),
    ] = "markdown",
) -> Response:
    """Return the persona as one Markdown file with YAML front matter; import loses nothing."""
    file = await export_persona(session, viewer.workspace_id, persona_id)
    name = f'attachment; filename="{persona_id}.{"json" if file_format == "card" else "md"}"'
    headers = {"Content-Disposition": name}
    if file_format == "card":
        return JSONResponse(to_card(file), headers=headers)
    return MarkdownResponse(to_markdown(file), headers=headers)


async def _file(
    request: Request,
    starter_id: Annotated[
        str | None,
        Query(alias="starter", max_length=64, description="An archetype: see /api/starters."),
    ] = None,
    name: Annotated[
        str | None,
        Query(max_length=MAX_NAME_CHARS, description="Instead of the name that the file says."),
    ] = None,
) -> PersonaFile:
    if starter_id is None:
        body = await request.body()
        return await asyncio.to_thread(read_import, body, name)
    if starter_id not in starters():
        known = FieldError("starter", f"must be one of {', '.join(starters())}")
        raise StarterUnknownError("starter: there is no such archetype", errors=[known])
    return starters()[starter_id].persona


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "content": {
            MARKDOWN: _MARKDOWN_CONTENT,
            JSON: _CARD_CONTENT,
            "image/png": {"schema": {"type": "string", "contentMediaType": "image/png"}},
        },
    }
}


@router.post(
    "/import",
    operation_id="importPersona",
    status_code=201,
    summary="Import a persona",
    openapi_extra=_BODY,
    responses=problem_responses(404, 409),
)
async def import_(
    file: Annotated[PersonaFile, Depends(_file)], change: Creating, response: Created
) -> ImportedPersonaDocument:
    """Create a persona from a file (the body) or from a starter (`?starter=`).

    Markdown needs no front matter; what is no field of a persona is kept in its `metadata`.
    Character cards (V1 to V3) come as JSON, or in a PNG. `dropped` tells what was not taken over.
    """
    persona = await import_persona(change, file)
    created = created_answer(persona, change.workspace, response)
    return ImportedPersonaDocument.imported(created, file)
