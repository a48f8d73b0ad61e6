"""REST: versions of a persona, export and import."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse
from service_kit.errors import FieldError, InvalidError
from service_kit.identity import Viewer
from service_kit.paging import Page, Paging
from service_kit.preconditions import OptionalIfMatch
from service_kit.problem import problem_responses
from service_kit.routing import WorkspaceSession, api_router

from persona_svc.adapters import personas
from persona_svc.adapters.starters import starters
from persona_svc.domain.diff import diff
from persona_svc.domain.markdown import PersonaFile, from_markdown
from persona_svc.domain.persona import PersonaFields
from persona_svc.entrypoints.commands import (
    Creating,
    Editing,
    answer,
    created_at,
    matching,
)
from persona_svc.entrypoints.schemas import (
    DiffDocument,
    FieldChangeDocument,
    PersonaDocument,
    VersionDocument,
    VersionSummary,
)
from persona_svc.usecases.exchange_persona import export_persona, import_persona
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
) -> Page[VersionSummary]:
    """Return who changed what, and when."""
    await personas.load(session, viewer.workspace_id, persona_id)
    position = paging.after(tuple[int])
    rows = await personas.versions(
        session,
        viewer.workspace_id,
        persona_id,
        position[0] if position else None,
        paging.limit + 1,
    )
    documents = [VersionSummary.of(row) for row in rows]
    return paging.page(documents, lambda document: (document.version,))


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
    row = await personas.version(session, viewer.workspace_id, persona_id, version)
    return VersionDocument.of(row)


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
        await personas.version(session, viewer.workspace_id, persona_id, number)
        for number in (version, other)
    ]
    changes = diff(PersonaFields.from_dict(before.fields), PersonaFields.from_dict(after.fields))
    return DiffDocument(
        from_version=version,
        to_version=other,
        changes=[
            FieldChangeDocument(
                field=item.field,
                before=item.before,
                after=item.after,
                unified_diff=item.unified,
            )
            for item in changes
        ],
    )


@router.post(
    "/{persona_id}/versions/{version}/restore",
    operation_id="restorePersonaVersion",
    summary="Restore a version",
    responses=problem_responses(404, 409, 412),
)
async def restore(
    persona_id: UUID,
    version: int,
    commands: Editing,
    if_match: OptionalIfMatch,
    response: Response,
) -> PersonaDocument:
    """Make a new version that equals an old one."""
    async with commands.begin("persona.restore") as change:
        persona = await matching(change, persona_id, if_match, response)
        persona = await restore_version(change, persona, version)
    return await answer(change, persona, response)


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
        mend = FieldError("body", "must be text in UTF-8")
        raise FileUnreadableError("The file is not UTF-8.", errors=[mend]) from error


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
async def take_in(
    file: Annotated[PersonaFile, Depends(_file)], commands: Creating, response: Response
) -> PersonaDocument:
    """Create a persona from a Markdown file (the body) or from a starter (`?starter=`).

    Front matter that is no field of a persona is kept in its `metadata`.
    """
    async with commands.begin("persona.import") as change:
        persona = await import_persona(change, file)
    created_at(response, persona.persona_id)
    return await answer(change, persona, response)
