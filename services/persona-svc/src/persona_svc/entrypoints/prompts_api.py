"""REST: the prompts of a persona and their versions."""

import math
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Response
from service_kit.identity import CHANGES_NOTHING, Admin, Viewer
from service_kit.paging import Paging
from service_kit.preconditions import OptionalIfMatch, etag
from service_kit.problem import problem_responses
from service_kit.response_headers import Created, Tagged
from service_kit.routing import IdempotentSession, WorkspaceSession, api_router
from service_kit.store import Session, database_now

from persona_svc.adapters import personas, prompt_gates, prompt_templates, prompts
from persona_svc.domain.compiled import CompiledPersona
from persona_svc.domain.diff import unified_diff
from persona_svc.domain.persona import Persona
from persona_svc.domain.prompt import NAME_PATTERN, Layer, PromptKey
from persona_svc.domain.prompt_gate import Gate
from persona_svc.domain.prompt_version import (
    Origin,
    PromptHead,
    PromptVersion,
    PromptVersionSummary,
)
from persona_svc.domain.prompts import CHARS_PER_TOKEN
from persona_svc.entrypoints.dependencies import Editing
from persona_svc.entrypoints.schemas.prompt import (
    ActivatedPromptDocument,
    AppliedPromptsDocument,
    CheckPromptRequest,
    ClonePromptsRequest,
    DecideGateRequest,
    GateDocument,
    PromptDiffDocument,
    PromptDocument,
    PromptsDocument,
    PromptVersionDocument,
    PromptVersionsDocument,
    PromptVersionSummaryDocument,
    RecoverPromptRequest,
    SavedPromptDocument,
    SavePromptRequest,
    ValidationDocument,
)
from persona_svc.entrypoints.schemas.prompt_template import (
    ApplyTemplateRequest,
    TemplateUpdateDocument,
)
from persona_svc.usecases.advance_prompt import advance_prompt
from persona_svc.usecases.apply_template import apply_template
from persona_svc.usecases.approve_prompt import approve_prompt
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.check_prompt import check_prompt
from persona_svc.usecases.clone_prompts import clone_prompts
from persona_svc.usecases.decide_gate import decide_gate
from persona_svc.usecases.recover_prompt import recover_prompt
from persona_svc.usecases.save_prompt import PromptDraft, save_prompt

router = api_router("/api/personas/{persona_id}/prompts", "prompts")
old_router = api_router("/persona/{persona_id}/prompts", "prompts")
FOUND = problem_responses(404)
MOVED = problem_responses(404, 409, 412)


async def _persona(persona_id: UUID, viewer: Viewer, session: WorkspaceSession) -> Persona:
    return await personas.get(session, viewer.workspace_id, persona_id)


async def _edited(persona_id: UUID, change: Editing) -> Persona:
    return await personas.get(change.session, change.workspace_id, persona_id)


async def _key(layer: Layer, name: Annotated[str, Path(pattern=NAME_PATTERN)]) -> PromptKey:
    return PromptKey(layer, name)


Shown = Annotated[Persona, Depends(_persona)]
Edited = Annotated[Persona, Depends(_edited)]
"""The persona of the path; its workspace is locked."""
Key = Annotated[PromptKey, Depends(_key)]


@router.get("", operation_id="listPrompts", summary="Show the prompts", responses=FOUND)
async def show_prompts(persona: Shown, session: WorkspaceSession) -> PromptsDocument:
    """Return all prompts as they are used, by layer, and where each is from."""
    return PromptsDocument(prompts=await _prompts(session, persona))


@router.get(
    "/{layer}/{name}/versions",
    operation_id="listPromptVersions",
    summary="List versions of a prompt, newest first",
    responses=FOUND,
)
async def list_versions(
    persona: Shown, key: Key, session: WorkspaceSession, paging: Paging, response: Tagged
) -> PromptVersionsDocument:
    """Return who wrote which version, and when; the texts are at each version."""
    found = await prompts.page(session, persona, key, paging.start_after(int), paging.rows)
    head = await _head(session, persona, key, response)
    page = paging.page(found, lambda version: version.number)
    active = await _summary(session, persona, head.active_version_id)
    return PromptVersionsDocument(
        versions=[_shown(version, head) for version in page.items],
        active_version=active and _shown(active, head),
        recoverable=await prompts.recoverable(session, persona, key),
        next=page.next,
    )


@router.post(
    "/{layer}/{name}/versions",
    operation_id="savePromptVersion",
    status_code=201,
    summary="Save a version of a prompt",
    responses=MOVED,
)
async def save(
    _: IdempotentSession,
    persona: Edited,
    key: Key,
    body: SavePromptRequest,
    change: Editing,
    if_match: OptionalIfMatch,
    response: Created,
) -> SavedPromptDocument:
    """Store a version and activate it; one with errors is stored, and the active one stays.

    `If-Match` is the ETag of this prompt alone: others may have changed.
    """
    await _require_unmoved(change.session, persona, key, if_match)
    draft = PromptDraft(key=key, content=body.content, commit_message=body.commit_message)
    saved = await save_prompt(change, persona, draft)
    await _head(change.session, persona, key, response)
    place = f"/api/personas/{persona.persona_id}/prompts/versions/{saved.version.version_id}"
    response.headers["Location"] = place
    return SavedPromptDocument.of(saved, change.at)


@router.get(
    "/versions/{version_id}",
    operation_id="getPromptVersion",
    summary="Show a version of a prompt",
    responses=FOUND,
)
async def show_version(
    persona: Shown, version_id: UUID, session: WorkspaceSession, response: Tagged
) -> PromptVersionDocument:
    """Return one version with its text."""
    version = await _version(session, persona, version_id)
    head = await _head(session, persona, version.key, response)
    return PromptVersionDocument.of(version, is_active=_is_active(version, head))


@router.get(
    "/versions/{version_id}/diff/{other}",
    operation_id="comparePromptVersions",
    summary="Compare two versions of prompts",
    responses=FOUND,
)
async def compare_versions(
    persona: Shown, version_id: UUID, other: UUID, session: WorkspaceSession
) -> PromptDiffDocument:
    """Return what differs, as a unified diff."""
    before, after = [await _version(session, persona, each) for each in (version_id, other)]
    heads = await prompts.heads(session, persona)
    return PromptDiffDocument(
        from_version=_shown(before, heads[before.key]),
        to_version=_shown(after, heads[after.key]),
        diff=unified_diff(before.content, after.content),
    )


@router.put(
    "/{version_id}/activate",
    operation_id="activatePromptVersion",
    summary="Activate a version of a prompt",
    responses=MOVED,
)
async def activate(
    persona: Edited,
    version_id: UUID,
    change: Editing,
    if_match: OptionalIfMatch,
    response: Tagged,
) -> ActivatedPromptDocument:
    """Let a stored version speak, also an older one; one that the persona cannot have is 422."""
    version = await _version(change.session, persona, version_id)
    before = await _require_unmoved(change.session, persona, version.key, if_match)
    gate = await advance_prompt(change, persona, version, Origin.ACTIVATE)
    return await _activated(change, persona, before, gate, response)


@router.post(
    "/versions/{version_id}/approve",
    operation_id="approvePromptVersion",
    summary="Approve a version of a prompt",
    responses=MOVED,
)
async def approve(
    persona: Edited,
    version_id: UUID,
    change: Editing,
    if_match: OptionalIfMatch,
    response: Tagged,
) -> ActivatedPromptDocument:
    """Let a version speak that somebody else has written; a key counts as who made it."""
    version = await _version(change.session, persona, version_id)
    before = await _require_unmoved(change.session, persona, version.key, if_match)
    gate = await approve_prompt(change, persona, version)
    return await _activated(change, persona, before, gate, response)


@router.get(
    "/versions/{version_id}/gate",
    operation_id="getPromptGate",
    summary="Show the gate of a version",
    responses=FOUND,
)
async def show_gate(persona: Shown, version_id: UUID, session: WorkspaceSession) -> GateDocument:
    """Return the newest gate that the version stands, or stood, before."""
    gate = await prompt_gates.get(session, persona, version_id)
    return GateDocument.of(gate, await database_now(session))


@router.post(
    "/versions/{version_id}/gate",
    operation_id="decidePromptGate",
    summary="Decide the gate of a version",
    responses=MOVED,
)
async def decide(
    persona: Edited, version_id: UUID, body: DecideGateRequest, change: Editing
) -> GateDocument:
    """Tell how the version did: what has passed is active; a failed one can be overridden."""
    version = await _version(change.session, persona, version_id)
    gate = await decide_gate(change, persona, version, body.outcome, body.why)
    return GateDocument.of(gate, change.at)


@router.post(
    "/recover",
    operation_id="recoverPrompt",
    summary="Go back to the prompt before",
    responses=MOVED,
)
async def recover(
    persona: Edited,
    body: RecoverPromptRequest,
    change: Editing,
    if_match: OptionalIfMatch,
    response: Tagged,
) -> ActivatedPromptDocument:
    """Activate one of the last three versions that were active before, by default the last."""
    key = PromptKey(body.layer, body.name)
    before = await _require_unmoved(change.session, persona, key, if_match)
    await recover_prompt(change, persona, key, body.version_id)
    return await _activated(change, persona, before, None, response)


@router.post(
    "/validate",
    operation_id="validatePrompt",
    summary="Check a prompt",
    responses=FOUND,
    dependencies=CHANGES_NOTHING,
)
async def validate(
    persona: Shown, body: CheckPromptRequest, session: WorkspaceSession
) -> ValidationDocument:
    """Say what is wrong with a text, by line, without storing it."""
    key = PromptKey(body.layer, body.name)
    return ValidationDocument.of(await check_prompt(session, persona, key, body.content))


@router.post(
    "/clone",
    operation_id="clonePrompts",
    summary="Copy another persona's prompts",
    responses=MOVED,
)
async def clone(
    persona: Edited, body: ClonePromptsRequest, change: Editing, admin: Admin
) -> AppliedPromptsDocument:
    """Replace all prompts by those that the other persona has itself, in one step."""
    admin.require_persona(body.source_persona_id)
    cloned = await clone_prompts(change, persona, body.source_persona_id)
    return AppliedPromptsDocument(prompts=await _prompts(change.session, cloned))


@router.post(
    "/from-template",
    operation_id="applyPromptTemplate",
    summary="Take over a template",
    responses=MOVED,
)
@old_router.post(
    "/from-template", summary="Take over a template (another spelling)", include_in_schema=False
)
async def apply(
    persona: Edited, body: ApplyTemplateRequest, change: Editing
) -> AppliedPromptsDocument:
    """Replace the main prompts of all layers by those of a template, in one step."""
    template = await prompt_templates.choose(change.session, change.workspace_id, body.template_id)
    applied = await apply_template(change, persona, template)
    return AppliedPromptsDocument(prompts=await _prompts(change.session, applied))


@router.get(
    "/template-update",
    operation_id="showPromptTemplateUpdate",
    summary="Show what a template would change",
    responses=FOUND,
)
async def show_update(
    persona: Shown,
    session: WorkspaceSession,
    template_id: Annotated[
        str | None, Query(max_length=80, description="By default the one that was taken over.")
    ] = None,
) -> TemplateUpdateDocument:
    """Compare the prompts with the newest version of a template, layer by layer."""
    taken, _, _ = (persona.fields.prompt_template or "").partition("@")
    template = await prompt_templates.get(session, persona.workspace_id, template_id or taken)
    return TemplateUpdateDocument.of(persona.fields, template)


async def _prompts(session: Session, persona: Persona) -> dict[Layer, list[PromptDocument]]:
    compiled = await personas.get_compiled(session, persona.workspace_id, persona.persona_id)
    heads = await prompts.heads(session, persona)
    active = [head.active_version_id for head in heads.values() if head.active_version_id]
    versions = await prompts.summaries(session, persona.workspace_id, active)
    found: dict[Layer, list[PromptDocument]] = {layer: [] for layer in Layer}
    for key, (source, content) in _used(compiled, persona).items():
        head = heads.get(key, PromptHead(key=key))
        version = versions.get(head.active_version_id) if head.active_version_id else None
        found[key.layer].append(
            PromptDocument(
                layer=key.layer,
                name=key.name,
                source=source,
                content=content,
                tokens=math.ceil(len(content) / CHARS_PER_TOKEN),
                active=version and _shown(version, head),
                latest=head.latest,
            )
        )
    return found


def _used(compiled: CompiledPersona, persona: Persona) -> dict[PromptKey, tuple[str, str]]:
    """Return source and text of each prompt that the persona has, main ones first."""
    sources = compiled.prompt_sources
    own = persona.fields.named_prompts or {}
    used = {
        PromptKey(Layer.SYSTEM): (sources["system"], compiled.content),
        PromptKey(Layer.RAG): (sources["rag"], compiled.prompts.rag),
        PromptKey(Layer.USER): (sources["user"], compiled.prompts.user),
    }
    for name, text in compiled.named_prompts.items():
        used[PromptKey.parse(name)] = ("own" if name in own else "inherited", text)
    return used


async def _version(session: Session, persona: Persona, version_id: UUID) -> PromptVersion:
    return await prompts.get(session, persona.workspace_id, persona.persona_id, version_id)


async def _summary(
    session: Session, persona: Persona, version_id: UUID | None
) -> PromptVersionSummary | None:
    if version_id is None:
        return None
    return (await prompts.summaries(session, persona.workspace_id, [version_id]))[version_id]


async def _head(
    session: Session, persona: Persona, key: PromptKey, response: Response
) -> PromptHead:
    head = await prompts.head(session, persona, key)
    response.headers["ETag"] = etag(head.revision)
    return head


async def _require_unmoved(
    session: Session, persona: Persona, key: PromptKey, if_match: OptionalIfMatch
) -> PromptHead:
    head = await prompts.head(session, persona, key)
    active = head.active_version_id
    current = {"layer": key.layer, "name": key.name, "latest": head.latest}
    if_match.require(head.revision, {**current, "active_version_id": active and str(active)})
    return head


async def _activated(
    change: Change,
    persona: Persona,
    before: PromptHead,
    gate: Gate | None,
    response: Response,
) -> ActivatedPromptDocument:
    head = await _head(change.session, persona, before.key, response)
    active = await _summary(change.session, persona, head.active_version_id)
    previous = await _summary(change.session, persona, before.active_version_id)
    return ActivatedPromptDocument(
        success=gate is None,
        active=active and _shown(active, head),
        gate=gate and GateDocument.of(gate, change.at),
        previous_active=previous and _shown(previous, head),
    )


def _is_active(version: PromptVersionSummary, head: PromptHead) -> bool:
    return version.version_id == head.active_version_id


def _shown(version: PromptVersionSummary, head: PromptHead) -> PromptVersionSummaryDocument:
    return PromptVersionSummaryDocument.summed(version, is_active=_is_active(version, head))
