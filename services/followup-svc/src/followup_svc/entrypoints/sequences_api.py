"""REST: sequences, their versions, and previews."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response
from service_kit.identity import CHANGES_NOTHING, OF_OWN_PERSONAS, Editor, Viewer
from service_kit.paging import Page, Paging
from service_kit.preconditions import etag
from service_kit.problem import problem_responses
from service_kit.response_headers import Created, Tagged
from service_kit.routing import IdempotentSession, WorkspaceSession, api_router

from followup_svc.adapters import persona_marks, sequences
from followup_svc.adapters.persona_marks import PersonaKey
from followup_svc.domain.sequence import Sequence
from followup_svc.entrypoints.dependencies import Deps, LockedSequence, SequenceToSave
from followup_svc.entrypoints.schemas.sequences import (
    CloneSequenceRequest,
    PreviewDocument,
    PreviewSequenceRequest,
    SavedSequenceDocument,
    SequenceDocument,
    SequenceVersionDocument,
)
from followup_svc.usecases.clone_sequence import clone_sequence
from followup_svc.usecases.create_sequence import create_sequence
from followup_svc.usecases.delete_sequence import delete_sequence
from followup_svc.usecases.find_warnings import find_warnings
from followup_svc.usecases.preview_sequence import preview_sequence
from followup_svc.usecases.update_sequence import update_sequence

router = api_router("/api/sequences", "sequences")
CHANGED = problem_responses(404, 409, 412)


@router.get(
    "",
    operation_id="listSequences",
    summary="List sequences, newest first",
    dependencies=OF_OWN_PERSONAS,
)
async def list_sequences(
    _: Viewer, session: WorkspaceSession, paging: Paging
) -> Page[SequenceDocument]:
    """Return the sequences of this workspace."""
    found = await sequences.page(session, paging.start_after(UUID), paging.rows)
    keys = {(item.workspace_id, item.definition.ai_persona_id) for item in found}
    deleted = await persona_marks.deleted(session, {(w, p) for w, p in keys if p is not None})
    documents = [
        SequenceDocument.of(
            item, is_paused=(item.workspace_id, item.definition.ai_persona_id) in deleted
        )
        for item in found
    ]
    return paging.page(documents, lambda document: document.sequence_id)


@router.post(
    "",
    operation_id="createSequence",
    status_code=201,
    summary="Create a sequence",
    responses=problem_responses(409),
)
async def create(
    body: SequenceToSave,
    editor: Editor,
    session: IdempotentSession,
    deps: Deps,
    response: Created,
) -> SavedSequenceDocument:
    """Store a sequence; `warnings` name the tokens that have no value today."""
    created = await create_sequence(
        session, editor.workspace_id, body.definition(), by=editor.subject
    )
    response.headers["Location"] = f"/api/sequences/{created.sequence_id}"
    return await _saved(created, session, deps, response)


@router.get(
    "/{sequence_id}",
    operation_id="getSequence",
    summary="Show a sequence",
    responses=problem_responses(404),
    dependencies=OF_OWN_PERSONAS,
)
async def show(
    sequence_id: UUID, _: Viewer, session: WorkspaceSession, response: Tagged
) -> SequenceDocument:
    """Return a sequence at its newest version."""
    sequence = await sequences.get(session, sequence_id)
    response.headers["ETag"] = etag(sequence.version)
    persona_id = sequence.definition.ai_persona_id
    keys = {(sequence.workspace_id, persona_id)} if persona_id else set[PersonaKey]()
    return SequenceDocument.of(sequence, is_paused=bool(await persona_marks.deleted(session, keys)))


@router.put(
    "/{sequence_id}", operation_id="updateSequence", summary="Change a sequence", responses=CHANGED
)
async def update(
    body: SequenceToSave,
    sequence: LockedSequence,
    editor: Editor,
    session: WorkspaceSession,
    deps: Deps,
    response: Tagged,
) -> SavedSequenceDocument:
    """Store a new version; instances that are on their way finish on theirs."""
    updated = await update_sequence(session, sequence, body.definition(), by=editor.subject)
    return await _saved(updated, session, deps, response)


@router.delete(
    "/{sequence_id}",
    operation_id="deleteSequence",
    status_code=204,
    summary="Delete a sequence",
    responses=CHANGED,
)
async def delete(
    sequence: LockedSequence,
    editor: Editor,
    session: WorkspaceSession,
    *,
    stop_instances: Annotated[
        bool, Query(description="Stop the leads that are on their way, instead of 409.")
    ] = False,
) -> None:
    """Delete a sequence that no lead is on its way through."""
    await delete_sequence(session, sequence, by=editor.subject, stop_instances=stop_instances)


@router.post(
    "/{sequence_id}/clone",
    operation_id="cloneSequence",
    status_code=201,
    summary="Copy a sequence",
    responses=problem_responses(404, 409),
)
async def clone(
    sequence_id: UUID,
    body: CloneSequenceRequest,
    editor: Editor,
    session: IdempotentSession,
    deps: Deps,
    response: Created,
) -> SavedSequenceDocument:
    """Store a copy without the trigger, so that nothing starts twice."""
    original = await sequences.get(session, sequence_id)
    copy = await clone_sequence(session, original, body.name, by=editor.subject)
    response.headers["Location"] = f"/api/sequences/{copy.sequence_id}"
    return await _saved(copy, session, deps, response)


@router.get(
    "/{sequence_id}/versions",
    operation_id="listSequenceVersions",
    summary="List the versions of a sequence, newest first",
    responses=problem_responses(404),
    dependencies=OF_OWN_PERSONAS,
)
async def list_versions(
    sequence_id: UUID, _: Viewer, session: WorkspaceSession, paging: Paging
) -> Page[SequenceVersionDocument]:
    """Return what each version says, who saved it and when."""
    await sequences.get(session, sequence_id)
    found = await sequences.page_of_versions(
        session, sequence_id, paging.start_after(int), paging.rows
    )
    documents = [SequenceVersionDocument.of(version) for version in found]
    return paging.page(documents, lambda document: document.version)


@router.get(
    "/{sequence_id}/versions/{version}",
    operation_id="getSequenceVersion",
    summary="Show one version of a sequence",
    responses=problem_responses(404),
    dependencies=OF_OWN_PERSONAS,
)
async def show_version(
    sequence_id: UUID,
    version: Annotated[int, Path(ge=1, le=2**31 - 1)],
    _: Viewer,
    session: WorkspaceSession,
) -> SequenceVersionDocument:
    """Return what a version says; also of a deleted sequence, whose instances refer to it."""
    return SequenceVersionDocument.of(await sequences.get_version(session, sequence_id, version))


@router.post(
    "/{sequence_id}/preview",
    operation_id="previewSequence",
    summary="Show what a sequence would send to a lead",
    responses=problem_responses(404),
    dependencies=CHANGES_NOTHING,
)
async def preview(
    sequence_id: UUID,
    body: PreviewSequenceRequest,
    _: Viewer,
    session: WorkspaceSession,
    deps: Deps,
) -> PreviewDocument:
    """Return each step's text, time and persona, or its errors; nothing is stored or sent."""
    sequence = await sequences.get(session, sequence_id)
    return PreviewDocument.of(await preview_sequence(session, deps.roster, sequence, body.chosen()))


async def _saved(
    sequence: Sequence, session: WorkspaceSession, deps: Deps, response: Response
) -> SavedSequenceDocument:
    definition = sequence.definition
    warned = await find_warnings(
        session,
        deps.roster,
        sequence.workspace_id,
        definition.templates(),
        definition.ai_persona_id,
    )
    response.headers["ETag"] = etag(sequence.version)
    return SavedSequenceDocument.saved(sequence, warned)
