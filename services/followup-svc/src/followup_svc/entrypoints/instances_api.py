"""REST: instances, and what people decide about them."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from persona_contracts import ExternalId
from service_kit.identity import OF_OWN_PERSONAS, Editor, Viewer
from service_kit.paging import Page, Paging
from service_kit.problem import problem_responses
from service_kit.routing import IdempotentSession, WorkspaceSession, api_router
from service_kit.store import database_now

from followup_svc.adapters import instances, sequences
from followup_svc.domain.instance import Instance, State
from followup_svc.entrypoints.dependencies import Deps, LockedInstance
from followup_svc.entrypoints.schemas.instances import (
    InstanceDetailDocument,
    InstanceDocument,
    PauseGroupDocument,
    PauseGroupsDocument,
    ResolveInstanceRequest,
    ResumedDocument,
    ResumeInstancesRequest,
    SkippedLeadDocument,
    StartedDocument,
    StartInstancesRequest,
)
from followup_svc.usecases.resolve_instance import resolve_instance
from followup_svc.usecases.resume_instances import resume_instances
from followup_svc.usecases.resume_paused import RESUME_LIMIT, resume_paused
from followup_svc.usecases.show_instance import show_instance
from followup_svc.usecases.start_instances import start_instances
from followup_svc.usecases.stop_instance import stop_instance

starts = api_router("/api/sequences/{sequence_id}/instances", "instances")
router = api_router("/api/instances", "instances")
DECIDED = problem_responses(404, 409)


async def _filters(
    state: State | None = None,
    sequence_id: UUID | None = None,
    lead_id: ExternalId | None = None,
) -> dict[str, object]:
    given = {"state": state, "sequence_id": sequence_id, "lead_id": lead_id}
    return {name: value for name, value in given.items() if value is not None}


@starts.post(
    "",
    operation_id="startInstances",
    status_code=201,
    summary="Start leads",
    responses=DECIDED,
    dependencies=OF_OWN_PERSONAS,
)
async def start(
    sequence_id: UUID, body: StartInstancesRequest, editor: Editor, session: IdempotentSession
) -> StartedDocument:
    """Start one or many leads with the newest version: all of them, or none and 409."""
    started, skipped = await start_instances(
        session,
        await sequences.lock_shared(session, sequence_id),
        [lead.chosen() for lead in body.leads],
        by=editor.subject,
        skip_unavailable=body.skip_unavailable,
    )
    return StartedDocument(
        items=[InstanceDocument.of(instance) for instance in started],
        skipped=[SkippedLeadDocument.of(lead) for lead in skipped],
    )


@router.get(
    "",
    operation_id="listInstances",
    summary="List instances, newest first",
    dependencies=OF_OWN_PERSONAS,
)
async def list_instances(
    _: Viewer,
    session: WorkspaceSession,
    paging: Paging,
    filters: Annotated[dict[str, object], Depends(_filters)],
    reason: Annotated[
        str | None,
        Query(
            max_length=300,
            pattern=r"^[^\x00]+$",
            description="Only those that are paused for it: one of their `codes`.",
        ),
    ] = None,
) -> Page[InstanceDocument]:
    """Return the instances of this workspace that match every given filter."""
    found = await instances.page(session, filters, reason, paging.start_after(UUID), paging.rows)
    documents = [InstanceDocument.of(instance) for instance in found]
    return paging.page(documents, lambda document: document.instance_id)


@router.get(
    "/pause-reasons",
    operation_id="listPauseReasons",
    summary="Count what instances are paused for",
    dependencies=OF_OWN_PERSONAS,
)
async def list_pause_reasons(_: Viewer, session: WorkspaceSession) -> PauseGroupsDocument:
    """Return each reason with the number of instances, most frequent first."""
    groups = await instances.pause_groups(session)
    return PauseGroupsDocument(
        items=[PauseGroupDocument(reason=code, instances=count) for code, count in groups]
    )


@router.post(
    "/resume",
    operation_id="resumeInstances",
    summary="Resume all that are paused for a reason",
    responses=DECIDED,
    dependencies=OF_OWN_PERSONAS,
)
async def resume_many(
    body: ResumeInstancesRequest, editor: Editor, session: WorkspaceSession, deps: Deps
) -> ResumedDocument:
    """Let up to 1,000 instances go on, oldest first; `more` says whether to call it again."""
    count = await resume_paused(
        session, body.reason, body.sequence_id, deps.versions, by=editor.subject
    )
    return ResumedDocument(resumed=count, more=count == RESUME_LIMIT)


@router.get(
    "/{instance_id}",
    operation_id="getInstance",
    summary="Show an instance",
    responses=problem_responses(404),
    dependencies=OF_OWN_PERSONAS,
)
async def show(
    instance_id: UUID, _: Viewer, session: WorkspaceSession, deps: Deps
) -> InstanceDetailDocument:
    """Return an instance with its steps, exactly what each sent, and its timeline."""
    return await _whole(await instances.get(session, instance_id), session, deps)


@router.post(
    "/{instance_id}/resume",
    operation_id="resumeInstance",
    summary="Resume an instance",
    responses=DECIDED,
    dependencies=OF_OWN_PERSONAS,
)
async def resume(
    instance: LockedInstance, editor: Editor, session: WorkspaceSession, deps: Deps
) -> InstanceDetailDocument:
    """Let a paused instance go on with its current step, not before the step's time."""
    (resumed,) = await resume_instances(session, [instance], deps.versions, by=editor.subject)
    return await _whole(resumed, session, deps)


@router.post(
    "/{instance_id}/stop",
    operation_id="stopInstance",
    summary="Stop an instance",
    responses=DECIDED,
    dependencies=OF_OWN_PERSONAS,
)
async def stop(
    instance: LockedInstance, editor: Editor, session: WorkspaceSession, deps: Deps
) -> InstanceDetailDocument:
    """End an instance before its last step."""
    stopped = await stop_instance(session, instance, by=editor.subject)
    return await _whole(stopped, session, deps)


@router.post(
    "/{instance_id}/resolve",
    operation_id="resolveInstance",
    summary="Resolve a step whose outcome is unknown",
    responses=DECIDED,
    dependencies=OF_OWN_PERSONAS,
)
async def resolve(
    instance: LockedInstance,
    body: ResolveInstanceRequest,
    editor: Editor,
    session: WorkspaceSession,
    deps: Deps,
) -> InstanceDetailDocument:
    """Decide that the step was sent, or have the CRM asked once more."""
    resolved = await resolve_instance(
        session, instance, body.outcome, deps.versions, by=editor.subject
    )
    return await _whole(resolved, session, deps)


async def _whole(
    instance: Instance, session: WorkspaceSession, deps: Deps
) -> InstanceDetailDocument:
    shown = await show_instance(session, instance, deps.versions)
    return InstanceDetailDocument.whole(shown, now=await database_now(session))
