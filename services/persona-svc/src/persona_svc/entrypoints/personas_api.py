"""REST: personas."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from service_kit.identity import Viewer
from service_kit.paging import Page, Paging
from service_kit.preconditions import OptionalIfMatch, RequiredIfMatch
from service_kit.problem import problem_responses
from service_kit.routing import WorkspaceSession, api_router

from persona_svc.adapters import personas, workspaces
from persona_svc.domain.persona import PersonaFields
from persona_svc.domain.prompts import MAX_COMPILED_TOKENS
from persona_svc.domain.workspace import WorkspaceSettings, persona_from_settings
from persona_svc.entrypoints.commands import (
    Creating,
    Editing,
    answer,
    created_at,
    matching,
    persona_answer,
)
from persona_svc.entrypoints.schemas import (
    ChosenSettings,
    CloneRequest,
    EnsuredDefault,
    NewPersona,
    PersonaDocument,
    PersonaPatch,
    ResolvedDocument,
    VoiceAndModel,
)
from persona_svc.usecases.clone_persona import clone_persona
from persona_svc.usecases.create_persona import create_persona
from persona_svc.usecases.delete_persona import delete_persona
from persona_svc.usecases.publish_change import compiled_now
from persona_svc.usecases.set_default import ensure_default, set_default
from persona_svc.usecases.update_persona import update_persona

router = api_router("/api/personas", "personas")
DEFAULT_VOICE_PROVIDER = "elevenlabs"
Search = Annotated[str | None, Query(max_length=80, description="Part of the name.")]


@router.get("", operation_id="listPersonas", summary="List personas, oldest first")
@router.get("/list", summary="List personas (another spelling)", include_in_schema=False)
async def list_personas(
    viewer: Viewer, session: WorkspaceSession, paging: Paging, search: Search = None
) -> Page[PersonaDocument]:
    """Return the personas of this workspace.

    A workspace without any shows the virtual default that its settings make (`virtual: true`);
    `POST /api/personas/ensure-default` makes it real.
    """
    workspace = await workspaces.read(session, viewer.workspace_id)
    if workspace.default_persona_id is None:
        return Page(items=[_virtual(WorkspaceSettings.from_dict(workspace.settings))], next=None)
    position = paging.after(tuple[UUID])
    found = await personas.page(
        session,
        viewer.workspace_id,
        search,
        position[0] if position else None,
        paging.limit + 1,
    )
    documents = [PersonaDocument.of(item, workspace.default_persona_id) for item in found]
    return paging.page(documents, lambda document: (document.persona_id,))


@router.post(
    "",
    operation_id="createPersona",
    status_code=201,
    summary="Create a persona",
    responses=problem_responses(404, 409),
)
async def create(new: NewPersona, commands: Creating, response: Response) -> PersonaDocument:
    """Create a persona; the first of a workspace becomes its default."""
    async with commands.begin("persona.create") as change:
        persona = await create_persona(change, PersonaFields.from_dict(new.values()))
    created_at(response, persona.persona_id)
    return await answer(change, persona, response)


@router.post(
    "/ensure-default",
    operation_id="ensureDefaultPersona",
    summary="Make sure that there is a default persona",
    responses=problem_responses(404, 409),
)
async def ensure(commands: Creating, response: Response) -> EnsuredDefault:
    """Return the default persona; an empty workspace gets one made from its settings.

    Calling it again changes nothing.
    """
    async with commands.begin("persona.ensure_default") as change:
        persona, created = await ensure_default(change)
    return EnsuredDefault(created=created, persona=await answer(change, persona, response))


@router.get(
    "/{persona_id}",
    operation_id="getPersona",
    summary="Show a persona",
    responses=problem_responses(404),
)
async def show(
    persona_id: UUID, viewer: Viewer, session: WorkspaceSession, response: Response
) -> PersonaDocument:
    """Return one persona's own fields; its version is the ETag."""
    return await persona_answer(session, viewer.workspace_id, persona_id, response)


@router.get(
    "/{persona_id}/resolved",
    operation_id="getResolvedPersona",
    summary="Show a persona ready to use",
    responses=problem_responses(404),
)
async def resolved(persona_id: UUID, viewer: Viewer, session: WorkspaceSession) -> ResolvedDocument:
    """Return the persona with what it inherits, its compiled prompts and their size in tokens."""
    compiled = await compiled_now(session, viewer.workspace_id, persona_id)
    return ResolvedDocument(
        **compiled.as_dict(),
        tokens=dict(compiled.tokens),
        tokens_total=sum(compiled.tokens.values()),
        tokens_limit=MAX_COMPILED_TOKENS,
    )


@router.patch(
    "/{persona_id}",
    operation_id="updatePersona",
    summary="Change a persona",
    responses=problem_responses(404, 409, 412, 428),
)
async def change_persona(
    persona_id: UUID,
    patch: PersonaPatch,
    commands: Editing,
    if_match: RequiredIfMatch,
    response: Response,
) -> PersonaDocument:
    """Change some fields (JSON Merge Patch); `If-Match` carries the ETag that was read."""
    async with commands.begin("persona.update") as change:
        persona = await matching(change, persona_id, if_match, response)
        persona = await update_persona(change, persona, patch.values())
    return await answer(change, persona, response)


@router.put(
    "/{persona_id}/settings",
    operation_id="updatePersonaSettings",
    summary="Choose voice and language model",
    responses=problem_responses(404, 412),
)
async def choose_settings(
    persona_id: UUID,
    chosen: VoiceAndModel,
    commands: Editing,
    if_match: OptionalIfMatch,
    response: Response,
) -> ChosenSettings:
    """Change the voice or the model alone, in other words for `voice` and `model` of PATCH."""
    async with commands.begin("persona.update") as change:
        persona = await matching(change, persona_id, if_match, response)
        voice = persona.fields.voice
        patch = chosen.patch(voice.provider if voice else DEFAULT_VOICE_PROVIDER)
        persona = await update_persona(change, persona, patch)
    await answer(change, persona, response)
    return ChosenSettings(settings=VoiceAndModel.of(persona.fields))


@router.delete(
    "/{persona_id}",
    operation_id="deletePersona",
    status_code=204,
    summary="Delete a persona",
    responses=problem_responses(404, 409, 412, 428),
)
async def delete(
    persona_id: UUID,
    commands: Editing,
    if_match: RequiredIfMatch,
    response: Response,
    promote: Annotated[UUID | None, Query(description="The next default persona.")] = None,
) -> None:
    """Delete a persona; campaigns that it spoke in fall back to the default."""
    async with commands.begin("persona.delete") as change:
        persona = await matching(change, persona_id, if_match, response)
        await delete_persona(change, persona, promote)
    del response.headers["ETag"]


@router.post(
    "/{persona_id}/default",
    operation_id="setDefaultPersona",
    summary="Make a persona the default",
    responses=problem_responses(404, 409, 412),
)
async def make_default(
    persona_id: UUID, commands: Editing, if_match: OptionalIfMatch, response: Response
) -> PersonaDocument:
    """Make this active persona speak wherever no other is assigned."""
    async with commands.begin("persona.set_default") as change:
        persona = await matching(change, persona_id, if_match, response)
        await set_default(change, persona)
    return await answer(change, persona, response)


@router.post(
    "/{persona_id}/clone",
    operation_id="clonePersona",
    status_code=201,
    summary="Copy a persona",
    responses=problem_responses(404, 409),
)
async def clone(
    persona_id: UUID, copy: CloneRequest, commands: Creating, response: Response
) -> PersonaDocument:
    """Create a persona with the same own fields and another name."""
    async with commands.begin("persona.clone") as change:
        original = await personas.load(change.session, change.workspace_id, persona_id)
        persona = await clone_persona(change, original, copy.name)
    created_at(response, persona.persona_id)
    return await answer(change, persona, response)


def _virtual(settings: WorkspaceSettings) -> PersonaDocument:
    return PersonaDocument(
        **persona_from_settings(settings).as_dict(),
        persona_id=None,
        is_default=True,
        virtual=True,
        version=0,
        revision=0,
        created_by=None,
        created_at=None,
        updated_at=None,
    )
