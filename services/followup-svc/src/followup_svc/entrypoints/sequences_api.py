"""REST: sequences, their versions, previews, and the tokens of templates."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Response
from persona_client import Roster
from service_kit.identity import Editor, Viewer
from service_kit.paging import Page, Paging
from service_kit.preconditions import OptionalIfMatch, etag
from service_kit.problem import problem_responses
from service_kit.routing import IdempotentSession, WorkspaceSession, api_router

from followup_svc.adapters import sequences
from followup_svc.adapters.sequences import SequenceRow
from followup_svc.domain.template import lint
from followup_svc.domain.tokens import QUESTION_PREFIX, TOKENS, named
from followup_svc.entrypoints.dependencies import Deps
from followup_svc.entrypoints.schemas import (
    Cloning,
    LintRequest,
    LintResult,
    Preview,
    PreviewRequest,
    PreviewStepDocument,
    SavedSequence,
    SequenceDocument,
    SequenceRequest,
    SequenceVersionDocument,
    TemplateErrorDocument,
    TokenDocument,
    Tokens,
)
from followup_svc.usecases.preview_sequence import preview, template_warnings, warnings
from followup_svc.usecases.save_sequence import (
    clone_sequence,
    create_sequence,
    delete_sequence,
    update_sequence,
)
from followup_svc.usecases.start_instances import Starting

router = api_router("/api/sequences", "sequences")
templates = api_router("/api", "templates")
CHANGED = problem_responses(404, 409, 412)


async def _in_hand(
    sequence_id: UUID, session: WorkspaceSession, if_match: OptionalIfMatch
) -> SequenceRow:
    row = await sequences.load(session, sequence_id, lock="update")
    if_match.require(row.version, SequenceDocument.of(row).model_dump(mode="json", by_alias=True))
    return row


InHand = Annotated[SequenceRow, Depends(_in_hand)]
"""The sequence that a change is about, locked."""


@router.get("", operation_id="listSequences", summary="List sequences, newest first")
async def list_sequences(
    _: Viewer, session: WorkspaceSession, paging: Paging
) -> Page[SequenceDocument]:
    """Return the sequences of this workspace."""
    position = paging.after(tuple[UUID])
    rows = await sequences.page(session, position[0] if position else None, paging.limit + 1)
    documents = [SequenceDocument.of(row) for row in rows]
    return paging.page(documents, lambda document: (document.sequence_id,))


@router.post(
    "",
    operation_id="createSequence",
    status_code=201,
    summary="Create a sequence",
    responses=problem_responses(409),
)
async def create(
    wanted: SequenceRequest,
    editor: Editor,
    session: IdempotentSession,
    deps: Deps,
    response: Response,
) -> SavedSequence:
    """Store a sequence; `warnings` name the tokens that have no value today."""
    row = await create_sequence(session, editor.workspace_id, wanted.sequence(), by=editor.subject)
    response.headers["Location"] = f"/api/sequences/{row.sequence_id}"
    return await _saved(session, deps.roster, row, response)


@router.get(
    "/{sequence_id}",
    operation_id="getSequence",
    summary="Show a sequence",
    responses=problem_responses(404),
)
async def show(
    sequence_id: UUID, _: Viewer, session: WorkspaceSession, response: Response
) -> SequenceDocument:
    """Return a sequence at its newest version."""
    row = await sequences.load(session, sequence_id)
    response.headers["ETag"] = etag(row.version)
    return SequenceDocument.of(row)


@router.put(
    "/{sequence_id}", operation_id="updateSequence", summary="Change a sequence", responses=CHANGED
)
async def change(
    row: InHand,
    wanted: SequenceRequest,
    editor: Editor,
    session: WorkspaceSession,
    deps: Deps,
    response: Response,
) -> SavedSequence:
    """Store a new version; instances that are on their way finish on theirs."""
    await update_sequence(session, row, wanted.sequence(), by=editor.subject)
    return await _saved(session, deps.roster, row, response)


@router.delete(
    "/{sequence_id}",
    operation_id="deleteSequence",
    status_code=204,
    summary="Delete a sequence",
    responses=CHANGED,
)
async def delete(
    row: InHand,
    editor: Editor,
    session: WorkspaceSession,
    *,
    stop_instances: Annotated[
        bool, Query(description="Stop the leads that are on their way, instead of 409.")
    ] = False,
) -> None:
    """Delete a sequence that nobody is on the way through."""
    await delete_sequence(session, row, editor.subject, stop_instances=stop_instances)


@router.post(
    "/{sequence_id}/clone",
    operation_id="cloneSequence",
    status_code=201,
    summary="Copy a sequence",
    responses=problem_responses(404, 409),
)
async def clone(
    sequence_id: UUID,
    cloning: Cloning,
    editor: Editor,
    session: IdempotentSession,
    deps: Deps,
    response: Response,
) -> SavedSequence:
    """Store a copy without the trigger, so that nothing starts twice."""
    original = await sequences.load(session, sequence_id)
    row = await clone_sequence(session, original, cloning.name, by=editor.subject)
    response.headers["Location"] = f"/api/sequences/{row.sequence_id}"
    return await _saved(session, deps.roster, row, response)


@router.get(
    "/{sequence_id}/versions",
    operation_id="listSequenceVersions",
    summary="List the versions of a sequence, newest first",
    responses=problem_responses(404),
)
async def list_versions(
    sequence_id: UUID, _: Viewer, session: WorkspaceSession, paging: Paging
) -> Page[SequenceVersionDocument]:
    """Return what each version says, who saved it and when."""
    await sequences.load(session, sequence_id)
    position = paging.after(tuple[int])
    rows = await sequences.page_of_versions(
        session, sequence_id, position[0] if position else None, paging.limit + 1
    )
    documents = [SequenceVersionDocument.of(row) for row in rows]
    return paging.page(documents, lambda document: (document.version,))


@router.get(
    "/{sequence_id}/versions/{version}",
    operation_id="getSequenceVersion",
    summary="Show one version of a sequence",
    responses=problem_responses(404),
)
async def show_version(
    sequence_id: UUID,
    version: Annotated[int, Path(ge=1, le=2**31 - 1)],
    _: Viewer,
    session: WorkspaceSession,
) -> SequenceVersionDocument:
    """Return what a version says; also of a deleted sequence, whose instances refer to it."""
    row = await sequences.load_version(session, sequence_id, version)
    return SequenceVersionDocument.of(row)


@router.post(
    "/{sequence_id}/preview",
    operation_id="previewSequence",
    summary="Show what a sequence would send to a lead",
    responses=problem_responses(404),
)
async def show_preview(
    sequence_id: UUID,
    wanted: PreviewRequest,
    viewer: Viewer,
    session: WorkspaceSession,
    deps: Deps,
) -> Preview:
    """Return each step's text, time and persona, or its errors; nothing is stored or sent."""
    row = await sequences.load(session, sequence_id)
    starting = Starting(lead_id=wanted.lead_id, campaign_id=wanted.campaign_id, lead=wanted.lead)
    shown = await preview(session, deps.roster, viewer.workspace_id, row.sequence, starting)
    return Preview(
        steps=[PreviewStepDocument.of(number, step) for number, step in enumerate(shown, start=1)]
    )


@templates.post("/templates/lint", operation_id="lintTemplate", summary="Check a template")
async def check_template(
    wanted: LintRequest, viewer: Viewer, session: WorkspaceSession, deps: Deps
) -> LintResult:
    """Return what is wrong with a template, and what has no value in this workspace today."""
    errors = lint(wanted.template)
    warned = (
        ()
        if errors
        else await template_warnings(
            session, deps.roster, viewer.workspace_id, wanted.template, wanted.ai_persona_id
        )
    )
    return LintResult(
        ok=not errors,
        template_errors=[TemplateErrorDocument.of(error) for error in errors],
        warnings=[TemplateErrorDocument.of(error) for error in warned],
    )


@templates.get("/tokens", operation_id="listTokens", summary="List the tokens of templates")
async def list_tokens(_: Viewer) -> Tokens:
    """Return every token with its source; `lead.<attribute>` stands for any attribute."""
    patterns = (named("lead.<attribute>"), named(f"{QUESTION_PREFIX}1"))
    tokens = [*TOKENS.values(), *(token for token in patterns if token)]
    return Tokens(items=[TokenDocument.of(token) for token in tokens])


async def _saved(
    session: WorkspaceSession, roster: Roster, row: SequenceRow, response: Response
) -> SavedSequence:
    response.headers["ETag"] = etag(row.version)
    return SavedSequence.saved(row, await warnings(session, roster, row.workspace_id, row.sequence))
