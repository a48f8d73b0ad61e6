"""REST: versions of a persona, export and import."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse
from service_kit.errors import FieldError, InvalidError
from service_kit.identity import Viewer
from service_kit.paging import Page, Paging
from service_kit.problem import problem_responses
from service_kit.routing import WorkspaceSession, api_router

from persona_svc.adapters import personas, versions
from persona_svc.adapters.starters import starters
from persona_svc.domain.markdown import PersonaFile, from_markdown
from persona_svc.entrypoints.dependencies import (
    Creating,
    Editing,
    LockedPersona,
    created_answer,
    persona_answer,
)
from persona_svc.entrypoints.schemas.persona import PersonaDocument
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
MARKDOWN = "text/markdown"


class MarkdownResponse(PlainTextResponse):
    """A Markdown file."""

    media_type = MARKDOWN


class StarterUnknownError(InvalidError):
    """There is no archetype with this id."""

    slug = "starter-unknown"


class FileUnreadableError(InvalidError):
    """The file must be Markdown in UTF-8, with YAML front matter."""

    slug = "persona-file-unreadable"


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
    return VersionDocument.of(found)


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
    persona: LockedPersona, version: int, change: Editing, response: Response
) -> PersonaDocument:
    """Make a new version that equals an old one."""
    restored = await restore_version(change, persona, version)
    return persona_answer(restored, change.workspace, response)


@router.get(
    "/{persona_id}/export",
    operation_id="exportPersona",
    summary="Export a persona",
    response_class=MarkdownResponse,
    responses=FOUND,
)
async def export(persona_id: UUID, viewer: Viewer, session: WorkspaceSession) -> MarkdownResponse:
    """Return the persona as one Markdown file with YAML front matter; import loses nothing."""
    text = await export_persona(session, viewer.workspace_id, persona_id)
    return MarkdownResponse(
        text, headers={"Content-Disposition": f'attachment; filename="{persona_id}.md"'}
    )


async def _file(
    request: Request,
    starter_id: Annotated[
        str | None,
        Query(alias="starter", max_length=64, description="An archetype: see /api/starters."),
    ] = None,
) -> PersonaFile:
    if starter_id is not None:
        if starter_id not in starters():
            known = FieldError("starter", f"must be one of {', '.join(starters())}")
            raise StarterUnknownError("starter: there is no such archetype", errors=[known])
        return starters()[starter_id].persona
    try:
        return from_markdown((await request.body()).decode())
    except UnicodeDecodeError as error:
        hint = FieldError("body", "must be text in UTF-8")
        raise FileUnreadableError("The file is not UTF-8.", errors=[hint]) from error


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "content": {
            MARKDOWN: {
                "schema": {"type": "string"},
                "example": "---\nname: Consultative\ntone: calm, curious\n---\n\n# How to answer\n",
            }
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
    file: Annotated[PersonaFile, Depends(_file)], change: Creating, response: Response
) -> PersonaDocument:
    """Create a persona from a Markdown file (the body) or from a starter (`?starter=`).

    Front matter that is no field of a persona is kept in its `metadata`.
    """
    persona = await import_persona(change, file)
    return created_answer(persona, change.workspace, response)
