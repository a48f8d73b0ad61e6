"""REST: personas."""

from typing import Annotated, Literal, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from service_kit.identity import OF_OWN_PERSONAS, Admin, Viewer
from service_kit.paging import Page, PageRequest, Paging
from service_kit.problem import problem_responses
from service_kit.response_headers import Created, Tagged
from service_kit.routing import WorkspaceSession, api_router
from service_kit.store import Session, database_now

from persona_svc.adapters import campaigns, personas, workspaces
from persona_svc.adapters.personas import Order, PersonaFilter
from persona_svc.domain.persona import MAX_TAG_CHARS, PersonaFields
from persona_svc.domain.workspace import Workspace
from persona_svc.entrypoints.dependencies import (
    Creating,
    Deps,
    Editing,
    LockedPersona,
    LockedPersonaAsRead,
    created_answer,
    persona_answer,
)
from persona_svc.entrypoints.schemas.impact import DeletedPersonaDocument, ImpactDocument
from persona_svc.entrypoints.schemas.persona import (
    ClonePersonaRequest,
    CreatePersonaRequest,
    EnsuredDefaultDocument,
    PersonaDocument,
    PersonaSettingsDocument,
    PersonaSummaryDocument,
    ResolvedPersonaDocument,
    UpdatePersonaRequest,
    UpdatePersonaSettingsRequest,
    UpdateVoiceSettingsRequest,
    VoiceDocument,
)
from persona_svc.usecases.assess_impact import assess_impact
from persona_svc.usecases.clone_persona import clone_persona
from persona_svc.usecases.create_persona import create_persona
from persona_svc.usecases.delete_persona import delete_persona
from persona_svc.usecases.ensure_default import ensure_default
from persona_svc.usecases.set_default import set_default
from persona_svc.usecases.undelete_persona import undelete_persona
from persona_svc.usecases.update_persona import update_persona
from persona_svc.usecases.update_voice import DEFAULT_PROVIDER, update_voice

router = api_router("/api/personas", "personas")
DocumentT = TypeVar("DocumentT")
Personas = Page[PersonaDocument] | Page[PersonaSummaryDocument] | Page[DeletedPersonaDocument]


async def _filter(
    viewer: Viewer,
    *,
    search: Annotated[str | None, Query(max_length=80, description="Part of the name.")] = None,
    tag: Annotated[str | None, Query(max_length=MAX_TAG_CHARS)] = None,
    active: bool | None = None,
    sort: Annotated[Order, Query(description="With a minus: the last first.")] = "created_at",
) -> PersonaFilter:
    return PersonaFilter(search=search, tag=tag, active=active, order=sort, only=viewer.persona_ids)


Filter = Annotated[PersonaFilter, Depends(_filter)]
View = Annotated[Literal["full", "summary"], Query(description="`summary`: without what they say.")]


@router.get(
    "",
    operation_id="listPersonas",
    summary="List personas",
    dependencies=OF_OWN_PERSONAS,
)
@router.get(
    "/list",
    summary="List personas (another spelling)",
    include_in_schema=False,
    dependencies=OF_OWN_PERSONAS,
)
async def list_personas(
    viewer: Viewer,
    session: WorkspaceSession,
    paging: Paging,
    asked: Filter,
    *,
    view: View = "full",
    deleted: Annotated[bool, Query(description="Those that can be undeleted instead.")] = False,
) -> Personas:
    """Return the personas of this workspace, oldest first or as `sort` says.

    A workspace without any shows the virtual default that its settings make (`virtual: true`);
    `POST /api/personas/ensure-default` makes it real.
    """
    workspace = await workspaces.get(session, viewer.workspace_id)
    if deleted:
        return await list_deleted(viewer, session, paging)
    if workspace.default_persona_id is None and viewer.persona_ids is None:
        if view == "summary":
            return _only(PersonaSummaryDocument.virtual_default(workspace.settings))
        return _only(PersonaDocument.virtual_default(workspace.settings))
    if view == "summary":
        return await _summaries(session, workspace, paging, asked)
    found = await personas.page(
        session, viewer.workspace_id, asked, paging.start_after(UUID), paging.rows
    )
    documents = [PersonaDocument.of(item, workspace.default_persona_id) for item in found]
    return paging.page(documents, lambda document: document.persona_id)


def _only(document: DocumentT) -> Page[DocumentT]:
    return Page(items=[document], next=None)


async def _summaries(
    session: Session, workspace: Workspace, paging: PageRequest, asked: PersonaFilter
) -> Page[PersonaSummaryDocument]:
    found = await personas.page_of_summaries(
        session, workspace.workspace_id, asked, paging.start_after(UUID), paging.rows
    )
    ids = [persona.persona_id for persona in found]
    used = await campaigns.count_by_persona(session, workspace.workspace_id, ids)
    default = workspace.default_persona_id
    documents = [
        PersonaSummaryDocument.of(persona, default, used.get(persona.persona_id, 0))
        for persona in found
    ]
    return paging.page(documents, lambda document: document.persona_id)


@router.post(
    "",
    operation_id="createPersona",
    status_code=201,
    summary="Create a persona",
    responses=problem_responses(404, 409),
)
async def create(
    body: CreatePersonaRequest, change: Creating, response: Created
) -> PersonaDocument:
    """Create a persona; the first of a workspace becomes its default."""
    persona = await create_persona(change, PersonaFields.from_dict(body.values()))
    return created_answer(persona, change.workspace, response)


@router.post(
    "/ensure-default",
    operation_id="ensureDefaultPersona",
    summary="Make sure that there is a default persona",
    responses=problem_responses(404, 409),
)
async def ensure(change: Creating, response: Tagged) -> EnsuredDefaultDocument:
    """Return the default persona; an empty workspace gets one made from its settings.

    Calling it again changes nothing.
    """
    persona, created = await ensure_default(change)
    document = persona_answer(persona, change.workspace, response)
    return EnsuredDefaultDocument(created=created, persona=document)


@router.get(
    "/deleted",
    operation_id="listDeletedPersonas",
    summary="List deleted personas, oldest first",
    dependencies=OF_OWN_PERSONAS,
)
async def list_deleted(
    viewer: Viewer, session: WorkspaceSession, paging: Paging
) -> Page[DeletedPersonaDocument]:
    """Return the personas that can be undeleted, and until when."""
    asked = PersonaFilter(only=viewer.persona_ids)
    found = await personas.page_of_deleted(
        session, viewer.workspace_id, asked, paging.start_after(UUID), paging.rows
    )
    now = await database_now(session)
    documents = [DeletedPersonaDocument.of(item, now=now) for item in found]
    return paging.page(documents, lambda document: document.persona_id)


@router.get(
    "/{persona_id}",
    operation_id="getPersona",
    summary="Show a persona",
    responses=problem_responses(404),
)
async def show(
    persona_id: UUID, viewer: Viewer, session: WorkspaceSession, response: Tagged
) -> PersonaDocument:
    """Return one persona's own fields; its version is the ETag."""
    persona = await personas.get(session, viewer.workspace_id, persona_id)
    return persona_answer(persona, await workspaces.get(session, viewer.workspace_id), response)


@router.get(
    "/{persona_id}/resolved",
    operation_id="getResolvedPersona",
    summary="Show a persona ready to use",
    responses=problem_responses(404),
)
async def resolved(
    persona_id: UUID, viewer: Viewer, session: WorkspaceSession
) -> ResolvedPersonaDocument:
    """Return the persona with what it inherits, its compiled prompts and their size in tokens."""
    compiled = await personas.get_compiled(session, viewer.workspace_id, persona_id)
    return ResolvedPersonaDocument.of(compiled)


@router.patch(
    "/{persona_id}",
    operation_id="updatePersona",
    summary="Change a persona",
    responses=problem_responses(404, 409, 412, 428),
)
async def update(
    persona: LockedPersonaAsRead,
    body: UpdatePersonaRequest,
    change: Editing,
    admin: Admin,
    response: Tagged,
) -> PersonaDocument:
    """Change some fields (JSON Merge Patch); `If-Match` carries the ETag that was read."""
    admin.require_persona(body.parent_id)
    updated = await update_persona(change, persona, body.values())
    return persona_answer(updated, change.workspace, response)


@router.put(
    "/{persona_id}/settings",
    operation_id="updatePersonaSettings",
    summary="Choose voice and language model",
    responses=problem_responses(404, 412),
)
async def update_settings(
    persona: LockedPersona,
    body: UpdatePersonaSettingsRequest,
    change: Editing,
    response: Tagged,
) -> PersonaSettingsDocument:
    """Change the voice or the model alone, in other words for `voice` and `model` of PATCH."""
    voice = persona.fields.voice
    patch = body.patch(voice.provider if voice else DEFAULT_PROVIDER)
    updated = await update_persona(change, persona, patch)
    persona_answer(updated, change.workspace, response)
    return PersonaSettingsDocument(settings=UpdatePersonaSettingsRequest.of(updated.fields))


@router.put(
    "/{persona_id}/voice/settings",
    operation_id="updateVoiceSettings",
    summary="Choose how a persona sounds",
    responses=problem_responses(404, 412),
)
async def update_voice_settings(
    persona: LockedPersona, body: UpdateVoiceSettingsRequest, change: Editing, response: Tagged
) -> VoiceDocument:
    """Change the voice, its settings or its fallbacks; an agent that there is follows.

    A persona that has inherited its voice keeps it as its own from then on.
    """
    updated = await update_voice(change, persona, body.patch())
    persona_answer(updated, change.workspace, response)
    return VoiceDocument.model_validate(updated.as_dict()["voice"])


@router.delete(
    "/{persona_id}",
    operation_id="deletePersona",
    status_code=204,
    summary="Delete a persona",
    responses=problem_responses(404, 409, 412, 428),
)
async def delete(
    persona: LockedPersonaAsRead,
    change: Editing,
    admin: Admin,
    deps: Deps,
    promote: Annotated[UUID | None, Query(description="The next default persona.")] = None,
) -> None:
    """Delete a persona; campaigns that it spoke in fall back to the default.

    It can be undeleted during the retention; then it is erased.
    """
    admin.require_persona(promote)
    await delete_persona(change, persona, promote, deps.retention)


@router.post(
    "/{persona_id}/undelete",
    operation_id="undeletePersona",
    summary="Bring a deleted persona back",
    responses=problem_responses(404, 409),
)
async def undelete(persona_id: UUID, change: Editing, response: Tagged) -> PersonaDocument:
    """Undelete a persona, with its versions, knowledge and sequences, until it is erased.

    It is assigned to nothing and is not the default, unless there is none.
    """
    persona = await undelete_persona(change, persona_id)
    return persona_answer(persona, change.workspace, response)


@router.get(
    "/{persona_id}/impact",
    operation_id="getPersonaImpact",
    summary="Show what deleting a persona would touch",
    responses=problem_responses(404),
)
async def impact(persona_id: UUID, viewer: Viewer, deps: Deps) -> ImpactDocument:
    """Return what uses the persona, from every service; one that does not answer is named."""
    return ImpactDocument.of(
        await assess_impact(deps.store, deps.persona_users, viewer.workspace_id, persona_id)
    )


@router.post(
    "/{persona_id}/default",
    operation_id="setDefaultPersona",
    summary="Make a persona the default",
    responses=problem_responses(404, 409, 412),
)
async def make_default(
    persona: LockedPersona, change: Editing, admin: Admin, response: Tagged
) -> PersonaDocument:
    """Make this active persona speak wherever no other is assigned."""
    admin.require_whole_workspace()
    return persona_answer(await set_default(change, persona), change.workspace, response)


@router.post(
    "/{persona_id}/clone",
    operation_id="clonePersona",
    status_code=201,
    summary="Copy a persona",
    responses=problem_responses(404, 409),
)
async def clone(
    persona_id: UUID, body: ClonePersonaRequest, change: Creating, response: Created
) -> PersonaDocument:
    """Create a persona with the same own fields and another name."""
    persona = await clone_persona(change, persona_id, body.name)
    return created_answer(persona, change.workspace, response)
