"""REST: talking to a persona's agent from a browser."""

from service_kit.identity import Editor
from service_kit.persona_dependencies import PersonaOfPath
from service_kit.problem import problem_responses
from service_kit.routing import api_router

from voice_svc.adapters import agents
from voice_svc.entrypoints.dependencies import Deps
from voice_svc.entrypoints.schemas.voice_sessions import StartSessionRequest, VoiceSessionDocument
from voice_svc.usecases.start_session import start_session

router = api_router("/api/personas", "calls")


@router.post(
    "/{persona_id}/voice/session",
    operation_id="startVoiceSession",
    summary="Get an address to talk to a persona's agent at",
    responses=problem_responses(404, 409, 429),
)
async def start(
    persona: PersonaOfPath, editor: Editor, deps: Deps, body: StartSessionRequest | None = None
) -> VoiceSessionDocument:
    """Return a signed address, and what to send first; nothing in it is a key of the provider."""
    async with deps.store.workspace(editor.workspace_id) as session:
        agent = await agents.find(session, persona.persona_id)
    started = await start_session(deps.sessions, agent)
    return VoiceSessionDocument.of(started, body.lead_id if body else None)
