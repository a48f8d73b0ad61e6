"""REST: the voice agent of a persona."""

from service_kit.identity import Viewer
from service_kit.persona_dependencies import PersonaOfPath
from service_kit.problem import problem_responses
from service_kit.routing import WorkspaceSession, api_router

from voice_svc.adapters import agents
from voice_svc.entrypoints.schemas.agents import AgentDocument

router = api_router("/api", "agents")


@router.get(
    "/personas/{persona_id}/agent/status",
    operation_id="getAgentStatus",
    summary="Show the voice agent of a persona",
    responses=problem_responses(404, 503),
)
async def show(persona: PersonaOfPath, _: Viewer, session: WorkspaceSession) -> AgentDocument:
    """Return its state, which revision of the persona it runs, and since when."""
    return AgentDocument.of(persona, await agents.find(session, persona.persona_id))
