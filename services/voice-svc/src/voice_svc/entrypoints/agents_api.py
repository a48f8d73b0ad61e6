"""REST: the voice agents of personas."""

import asyncio
from uuid import UUID

from persona_client import Roster, RosterNotReadyError
from persona_contracts import ResolvedPersona
from service_kit.errors import NotFoundError, ServiceError
from service_kit.identity import CHANGES_NOTHING, OF_OWN_PERSONAS, Admin, Viewer
from service_kit.knowledge import KnowledgeUnavailableError
from service_kit.paging import Page, Paging
from service_kit.persona_dependencies import PersonaOfPath
from service_kit.problem import problem_responses
from service_kit.routing import WorkspaceSession, api_router

from voice_svc.adapters import agents, conversation_removals
from voice_svc.deps import VoiceDeps
from voice_svc.domain.agent import Agent, AgentState
from voice_svc.entrypoints.dependencies import Deps
from voice_svc.entrypoints.schemas.agents import (
    AgentDocument,
    AgentStatusDocument,
    ChooseAgentsRequest,
    ComparedAgentDocument,
    ComparedAgentsDocument,
    OrphanDocument,
    OrphansDocument,
    QueuedAgentDocument,
    QueuedAgentsDocument,
)
from voice_svc.usecases.compare_agent import compare_agent
from voice_svc.usecases.describe_agent import describe_agent
from voice_svc.usecases.find_orphans import find_orphans
from voice_svc.usecases.request_voice import request_voice

router = api_router("/api", "agents")
PERSONA = "/personas/{persona_id}"


class OrphanNotFoundError(NotFoundError):
    """There is no such orphan."""

    slug = "voice-orphan-not-found"


@router.get(
    f"{PERSONA}/agent/status",
    operation_id="getAgentStatus",
    summary="Show the voice agent of a persona",
    responses=problem_responses(404, 503),
)
async def show(persona: PersonaOfPath, viewer: Viewer, deps: Deps) -> AgentStatusDocument:
    """Return its state, which revision it runs since when, and whether it knows anything."""
    persona_id = persona.persona_id
    async with deps.store.workspace(viewer.workspace_id) as session:
        left = await conversation_removals.counts(session, [persona_id])
        agent = await agents.find(session, persona_id)
        by_voice = await agents.count_by_voice(session, viewer.workspace_id)
    shown = AgentDocument.of(
        persona_id,
        persona,
        agent,
        calls_to_delete=left.get(persona_id, 0),
        by_voice=by_voice,
    )
    try:
        knows = await deps.knowledge.knows_anything(viewer.workspace_id, persona_id)
    except KnowledgeUnavailableError:
        knowledge = "unknown"
    else:
        knowledge = "some" if knows else "none"
    return AgentStatusDocument(**shown.model_dump(), knowledge=knowledge)


@router.get(
    f"{PERSONA}/agent/differences",
    operation_id="compareAgent",
    summary="Compare the voice agent of a persona with what it should be",
    responses=problem_responses(404, 422, 503),
)
async def compare(persona: PersonaOfPath, viewer: Viewer, deps: Deps) -> ComparedAgentDocument:
    """Ask the vendor, and change nothing."""
    async with deps.store.workspace(viewer.workspace_id) as session:
        agent = await agents.find(session, persona.persona_id)
    found = await compare_agent(deps.agents, persona, agent, deps.agent_defaults)
    return ComparedAgentDocument.of(persona.persona_id, found)


@router.post(
    f"{PERSONA}/voice/setup",
    operation_id="setUpVoice",
    status_code=202,
    summary="Give a persona a voice agent",
    responses=problem_responses(404, 422, 503),
)
async def set_up(
    persona: PersonaOfPath, admin: Admin, session: WorkspaceSession, deps: Deps
) -> AgentDocument:
    """Ask for an agent: the persona's `voice.enabled` is set, and the agent is made."""
    persona_id = persona.persona_id
    describe_agent(persona, admin.workspace_id, deps.agent_defaults)  # or say what is in the way
    await request_voice(session, admin.workspace_id, persona_id, enabled=True, by=admin.subject)
    return AgentDocument.of(persona_id, persona, await agents.find(session, persona_id))


@router.delete(
    f"{PERSONA}/voice",
    operation_id="removeVoice",
    status_code=202,
    summary="Remove the voice agent of a persona",
    responses=problem_responses(404, 503),
)
async def remove(persona: PersonaOfPath, admin: Admin, session: WorkspaceSession) -> AgentDocument:
    """Ask for its removal: the persona's `voice.enabled` is taken back, and the agent goes."""
    persona_id = persona.persona_id
    await request_voice(session, admin.workspace_id, persona_id, enabled=False, by=admin.subject)
    return AgentDocument.of(persona_id, persona, await agents.find(session, persona_id))


@router.get(
    "/agents",
    operation_id="listAgents",
    summary="List voice agents",
    responses=problem_responses(503),
    dependencies=OF_OWN_PERSONAS,
)
async def list_agents(
    viewer: Viewer, session: WorkspaceSession, paging: Paging, deps: Deps
) -> Page[AgentDocument]:
    """Return the agents of this workspace, with their states; also those that are gone."""
    found = await agents.page(session, paging.start_after(UUID), paging.rows)
    left = await conversation_removals.counts(session, [agent.persona_id for agent in found])
    by_voice = await agents.count_by_voice(session, viewer.workspace_id)
    documents = [
        AgentDocument.of(
            agent.persona_id,
            _persona(deps.roster, viewer.workspace_id, agent.persona_id),
            agent,
            calls_to_delete=left.get(agent.persona_id, 0),
            by_voice=by_voice,
        )
        for agent in found
    ]
    return paging.page(documents, lambda document: document.persona_id)


@router.post(
    "/agents/update",
    operation_id="updateAgents",
    status_code=202,
    summary="Bring voice agents into step now",
    dependencies=OF_OWN_PERSONAS,
)
async def update(
    body: ChooseAgentsRequest, admin: Admin, session: WorkspaceSession
) -> QueuedAgentsDocument:
    """Compare the agents with their personas now, and change what differs."""
    chosen = await _chosen(body, admin.workspace_id, session)
    return await _queue(session, chosen, None)


@router.post(
    "/agents/recreate",
    operation_id="recreateAgents",
    status_code=202,
    summary="Make voice agents anew",
    dependencies=OF_OWN_PERSONAS,
)
async def recreate(
    body: ChooseAgentsRequest, admin: Admin, session: WorkspaceSession
) -> QueuedAgentsDocument:
    """Remove the agents, their tools and their secrets, and make others."""
    chosen = await _chosen(body, admin.workspace_id, session)
    return await _queue(session, chosen, AgentState.DELETING)


@router.post(
    "/agents/test",
    operation_id="testAgents",
    summary="Compare voice agents with what they should be",
    responses=problem_responses(503),
    dependencies=(*OF_OWN_PERSONAS, *CHANGES_NOTHING),
)
async def test(body: ChooseAgentsRequest, viewer: Viewer, deps: Deps) -> ComparedAgentsDocument:
    """Ask the vendor for each, and change nothing."""
    async with deps.store.workspace(viewer.workspace_id, viewer.persona_ids) as session:
        chosen = await _chosen(body, viewer.workspace_id, session)
    free = asyncio.Semaphore(deps.settings.agent_concurrency)

    async def compared(agent: Agent) -> ComparedAgentDocument | None:
        persona = _persona(deps.roster, viewer.workspace_id, agent.persona_id)
        if persona is None:
            return None
        async with free:
            return await _compared(deps, persona, agent)

    found = await asyncio.gather(*(compared(agent) for agent in chosen))
    return ComparedAgentsDocument(items=[item for item in found if item is not None])


@router.get(
    "/agents/orphans",
    operation_id="listOrphanAgents",
    summary="List agents at the vendor's that belong to no persona",
    responses=problem_responses(503),
)
async def list_orphans(viewer: Viewer, deps: Deps) -> OrphansDocument:
    """Return what has the tag of this workspace and is not known here."""
    found = await find_orphans(deps.store, deps.agents, viewer.workspace_id)
    return OrphansDocument(items=[OrphanDocument.of(agent) for agent in found])


@router.delete(
    "/agents/orphans/{agent_id}",
    operation_id="removeOrphanAgent",
    status_code=204,
    summary="Remove an agent that belongs to no persona",
    responses=problem_responses(404, 503),
)
async def remove_orphan(agent_id: str, admin: Admin, deps: Deps) -> None:
    """Remove it at the vendor's, if it is an orphan of this workspace."""
    found = await find_orphans(deps.store, deps.agents, admin.workspace_id)
    if agent_id not in {agent.agent_id for agent in found}:
        raise OrphanNotFoundError(f"no orphan {agent_id[:255]} in this workspace")
    await deps.agents.delete_agent(agent_id)


async def _chosen(
    body: ChooseAgentsRequest, workspace_id: str, session: WorkspaceSession
) -> list[Agent]:
    """Return the agents that are meant; ids of others are no agents here."""
    if body.persona_ids is None:
        return await agents.of_workspace(session, workspace_id)
    return list((await agents.find_all(session, body.persona_ids)).values())


async def _queue(
    session: WorkspaceSession, chosen: list[Agent], state: AgentState | None
) -> QueuedAgentsDocument:
    taken = await agents.request(session, [agent.persona_id for agent in chosen], state)
    items = [
        QueuedAgentDocument(
            persona_id=agent.persona_id, result="queued" if agent.persona_id in taken else "busy"
        )
        for agent in chosen
    ]
    return QueuedAgentsDocument(items=items)


async def _compared(
    deps: VoiceDeps, persona: ResolvedPersona, agent: Agent
) -> ComparedAgentDocument:
    persona_id = persona.persona_id
    try:
        found = await compare_agent(deps.agents, persona, agent, deps.agent_defaults)
    except ServiceError as error:
        return ComparedAgentDocument(
            persona_id=persona_id, result="unknown", differences=[], error=str(error)
        )
    return ComparedAgentDocument.of(persona_id, found)


def _persona(roster: Roster, workspace_id: str, persona_id: UUID) -> ResolvedPersona | None:
    try:
        return roster.persona(workspace_id, persona_id)
    except RosterNotReadyError:
        return None
