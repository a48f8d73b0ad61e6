"""REST: instances, and what people decide about them."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from service_kit.identity import Editor, Viewer
from service_kit.paging import Page, Paging
from service_kit.problem import problem_responses
from service_kit.routing import IdempotentSession, WorkspaceSession, api_router
from service_kit.store import database_now

from followup_svc.adapters import instance_list, sequences, steps
from followup_svc.domain.instance import State
from followup_svc.entrypoints.dependencies import Deps
from followup_svc.entrypoints.instance_schemas import (
    InstanceDetail,
    InstanceDocument,
    PauseGroup,
    PauseGroups,
    Resolving,
    Resumed,
    Resuming,
    SkippedLead,
    Started,
    Starting,
)
from followup_svc.usecases import start_instances as starting
from followup_svc.usecases.steer_instances import (
    RESUME_LIMIT,
    resolve,
    resume,
    resume_all,
    stop,
)

starts = api_router("/api/sequences/{sequence_id}/instances", "instances")
router = api_router("/api/instances", "instances")
STEERED = problem_responses(404, 409)
LeadFilter = Annotated[str, Query(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")]


async def _filters(
    state: State | None = None,
    sequence_id: UUID | None = None,
    lead_id: LeadFilter | None = None,
) -> dict[str, object]:
    wanted = {"state": state, "sequence_id": sequence_id, "lead_id": lead_id}
    return {name: value for name, value in wanted.items() if value is not None}


@starts.post(
    "", operation_id="startInstances", status_code=201, summary="Start leads", responses=STEERED
)
async def start(
    sequence_id: UUID, wanted: Starting, editor: Editor, session: IdempotentSession
) -> Started:
    """Start one or many leads with the newest version: all of them, or none and 409."""
    row = await sequences.load(session, sequence_id, lock="share")
    started, skipped = await starting.start_instances(
        session,
        row.saved,
        [
            starting.Starting(lead_id=item.lead_id, campaign_id=item.campaign_id, lead=item.lead)
            for item in wanted.leads
        ],
        started_by=editor.subject,
        skip_unavailable=wanted.skip_unavailable,
    )
    rows = await instance_list.load_all(session, [item.instance_id for item in started])
    return Started(
        items=[InstanceDocument.of(row) for row in rows],
        skipped=[SkippedLead.of(item) for item in skipped],
    )


@router.get("", operation_id="listInstances", summary="List instances, newest first")
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
    position = paging.after(tuple[UUID])
    rows = await instance_list.page(
        session, filters, reason, position[0] if position else None, paging.limit + 1
    )
    documents = [InstanceDocument.of(row) for row in rows]
    return paging.page(documents, lambda document: (document.instance_id,))


@router.get(
    "/pause-reasons", operation_id="listPauseReasons", summary="Count what instances are paused for"
)
async def list_pause_reasons(_: Viewer, session: WorkspaceSession) -> PauseGroups:
    """Return each reason with the number of instances, most frequent first."""
    groups = await instance_list.pause_groups(session)
    return PauseGroups(items=[PauseGroup(reason=code, instances=count) for code, count in groups])


@router.post(
    "/resume",
    operation_id="resumeInstances",
    summary="Resume all that are paused for a reason",
    responses=STEERED,
)
async def resume_many(
    wanted: Resuming, editor: Editor, session: WorkspaceSession, deps: Deps
) -> Resumed:
    """Let up to 1,000 instances go on, oldest first; `more` says whether to call it again."""
    count = await resume_all(
        session, wanted.reason, wanted.sequence_id, deps.versions, by=editor.subject
    )
    return Resumed(resumed=count, more=count == RESUME_LIMIT)


@router.get(
    "/{instance_id}",
    operation_id="getInstance",
    summary="Show an instance",
    responses=problem_responses(404),
)
async def show(
    instance_id: UUID, _: Viewer, session: WorkspaceSession, deps: Deps
) -> InstanceDetail:
    """Return an instance with its steps, exactly what each sent, and its timeline."""
    return await _detail(instance_id, session, deps)


@router.post(
    "/{instance_id}/resume",
    operation_id="resumeInstance",
    summary="Resume an instance",
    responses=STEERED,
)
async def resume_one(
    instance_id: UUID, editor: Editor, session: WorkspaceSession, deps: Deps
) -> InstanceDetail:
    """Let a paused instance go on with its current step, not before the step's time."""
    await resume(session, instance_id, deps.versions, by=editor.subject)
    return await _detail(instance_id, session, deps)


@router.post(
    "/{instance_id}/stop",
    operation_id="stopInstance",
    summary="Stop an instance",
    responses=STEERED,
)
async def stop_one(
    instance_id: UUID, editor: Editor, session: WorkspaceSession, deps: Deps
) -> InstanceDetail:
    """End an instance before its last step."""
    await stop(session, instance_id, by=editor.subject)
    return await _detail(instance_id, session, deps)


@router.post(
    "/{instance_id}/resolve",
    operation_id="resolveInstance",
    summary="Settle a step whose outcome is unknown",
    responses=STEERED,
)
async def resolve_one(
    instance_id: UUID,
    wanted: Resolving,
    editor: Editor,
    session: WorkspaceSession,
    deps: Deps,
) -> InstanceDetail:
    """Say that the step was sent, or have the CRM asked once more."""
    await resolve(session, instance_id, wanted.outcome, deps.versions, by=editor.subject)
    return await _detail(instance_id, session, deps)


async def _detail(instance_id: UUID, session: WorkspaceSession, deps: Deps) -> InstanceDetail:
    row = await instance_list.load(session, instance_id)
    version = (row.sequence_id, row.sequence_version)
    sequence = (await deps.versions.get(session, [version]))[version]
    requested = await steps.steps_of(session, instance_id)
    return InstanceDetail.whole(row, sequence, requested, await database_now(session))
