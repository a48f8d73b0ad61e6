"""REST: a persona says a text, and what that has cost."""

from fastapi import Response
from service_kit.errors import ServiceError
from service_kit.identity import CHANGES_NOTHING, Editor, Viewer
from service_kit.persona_dependencies import PersonaOfPath
from service_kit.problem import problem_responses
from service_kit.routing import WorkspaceSession, api_router
from structlog import get_logger

from voice_svc.adapters import audio_cache, speech_usage
from voice_svc.entrypoints.audio_response import AUDIO, MEDIA_TYPE, AudioResponse
from voice_svc.entrypoints.dependencies import Deps
from voice_svc.entrypoints.schemas.speech import SpeakTextRequest, SpeechUsageDocument
from voice_svc.usecases.describe_utterances import describe_utterances
from voice_svc.usecases.speak import Live, Recording, SpeakRequest

HOURS_24 = 24 * 3600

log = get_logger(__name__)
router = api_router("/api/personas/{persona_id}/voice", "speech")


@router.post(
    "/stream",
    operation_id="speakText",
    summary="Hear a text in the persona's voice",
    responses={**problem_responses(404, 429), **AUDIO},
    response_class=Response,
    dependencies=CHANGES_NOTHING,
)
async def stream(
    persona: PersonaOfPath, body: SpeakTextRequest, viewer: Viewer, deps: Deps
) -> Response:
    """Return MP3 from its first part on; if there is none, a problem that holds the text.

    `X-Voice-Id` is the voice that speaks. Where it stands in for the persona's own, because that
    one cannot, `X-Voice-Fallback` says so. `X-Audio-Replay` marks what was kept from before, which
    costs no characters.
    """
    request = SpeakRequest(
        workspace_id=viewer.workspace_id,
        persona_id=persona.persona_id,
        wishes=describe_utterances(
            persona, body.text, default_voice_id=deps.settings.default_voice_id
        ),
    )
    try:
        answer = await deps.speak.speak(request)
    except ServiceError as error:
        error.extra["text"] = body.text
        raise
    headers = {"Cache-Control": f"private, max-age={HOURS_24}", "X-Voice-Id": answer.voice_id}
    if answer.voice_id != request.wishes[0].voice_id:
        headers["X-Voice-Fallback"] = answer.voice_id
    match answer:
        case Recording(audio=audio):
            headers["X-Audio-Replay"] = "true"
            return Response(audio, headers=headers, media_type=MEDIA_TYPE)
        case Live(spoken=spoken):
            return AudioResponse(spoken, headers)


router.add_api_route(
    "/stream-simple",
    stream,
    methods=["POST"],
    include_in_schema=False,
    dependencies=CHANGES_NOTHING,
)


@router.get(
    "/usage",
    operation_id="getVoiceUsage",
    summary="Show what a persona has spoken",
    responses=problem_responses(404),
)
async def usage(
    persona: PersonaOfPath, viewer: Viewer, session: WorkspaceSession, deps: Deps
) -> SpeechUsageDocument:
    """Return the characters of this month, what is left, and when it begins anew."""
    found = await speech_usage.usage(
        session, viewer.workspace_id, persona.persona_id, deps.speak.limits
    )
    return SpeechUsageDocument.of(persona.persona_id, found)


@router.delete(
    "/audio",
    operation_id="purgeAudio",
    summary="Delete the audio that is kept of a persona",
    status_code=204,
    responses=problem_responses(404),
)
async def purge(persona: PersonaOfPath, _: Editor, session: WorkspaceSession) -> None:
    """Delete it now: it would go within 24 hours."""
    await audio_cache.purge(session, persona.persona_id)
