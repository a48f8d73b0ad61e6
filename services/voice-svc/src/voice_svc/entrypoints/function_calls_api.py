"""The tool of an agent asks what its persona knows; its secret says whose tool it is."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from fastapi.routing import APIRoute
from persona_client import RosterNotReadyError
from pydantic import ValidationError
from service_kit.errors import TooLargeError
from service_kit.identity import Viewer
from service_kit.principal import PersonaNotFoundError
from service_kit.problem import problem_responses
from service_kit.routing import api_router, deps_of

from voice_svc.deps import VoiceDeps
from voice_svc.domain.agent_spec import TOOL_SECRET_HEADER
from voice_svc.domain.answer import UNAVAILABLE_ANSWER
from voice_svc.domain.answer_cache import Knower
from voice_svc.entrypoints.dependencies import Deps
from voice_svc.entrypoints.schemas.function_calls import (
    CacheStatsDocument,
    FunctionCallAnswer,
    FunctionCallOfPersonaRequest,
    FunctionCallRequest,
    PersonaOfBody,
)

Secret = Annotated[
    str, Header(alias=TOOL_SECRET_HEADER, description="The secret of this very tool.")
]
ANSWERS = problem_responses(400, 401, 404, 413, 415, 422, 503)


class ToolRoute(APIRoute):
    """Knows whose tool asks before anything else of the request is judged."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler that lets only a persona's own tool in."""
        handle = super().get_route_handler()

        async def handle_known(request: Request) -> Response:
            deps = await deps_of(VoiceDeps)(request)
            secret = request.headers.get(TOOL_SECRET_HEADER, "")
            if "persona_id" not in request.path_params:
                await deps.tools.require_known(secret)
            persona_id = await _persona_asked(request) if secret else None
            workspace_id = await deps.tools.authenticate(persona_id, secret)
            request.state.tool = workspace_id, persona_id
            return await handle(request)

        return handle_known


router = APIRouter(
    prefix="/elevenlabs", tags=["provider"], route_class=ToolRoute, responses=ANSWERS
)
stats_router = api_router("/elevenlabs/cache", "provider")


@router.post(
    "/function-call/{persona_id}",
    operation_id="answerFunctionCall",
    summary="Answer an agent's question from its persona's documents",
)
async def answer(
    persona_id: str, body: FunctionCallRequest, request: Request, deps: Deps, _: Secret = ""
) -> FunctionCallAnswer:
    """Return a text to speak, with its places; an honest no; or that there is no answer now."""
    del persona_id
    return await _answer(request, deps, body.query)


@router.post(
    "/function-call",
    operation_id="answerFunctionCallOfBody",
    summary="Answer the same, with `persona_id` in the body",
)
async def answer_of_body(
    body: FunctionCallOfPersonaRequest, request: Request, deps: Deps, _: Secret = ""
) -> FunctionCallAnswer:
    """Return the same as `/function-call/{persona_id}`."""
    return await _answer(request, deps, body.query)


@stats_router.get(
    "/stats", operation_id="getAnswerCacheStats", summary="Show how often answers are remembered"
)
async def stats(viewer: Viewer, deps: Deps) -> CacheStatsDocument:
    """Return what is counted of this workspace in this process."""
    return CacheStatsDocument.of(deps.answers.stats(viewer.workspace_id), deps.answers.max_bytes)


async def _answer(request: Request, deps: VoiceDeps, query: str) -> FunctionCallAnswer:
    workspace_id, persona_id = request.state.tool
    try:
        persona = deps.roster.persona(workspace_id, persona_id)
    except RosterNotReadyError:
        return FunctionCallAnswer.of(UNAVAILABLE_ANSWER)
    if persona is None:
        raise PersonaNotFoundError(f"no persona {persona_id}")
    knower = Knower(
        workspace_id=workspace_id,
        persona_id=persona_id,
        revision=persona.revision,
        lineage=tuple(persona.lineage),
    )
    return FunctionCallAnswer.of(await deps.answer_question.answer(knower, query))


async def _persona_asked(request: Request) -> UUID | None:
    """Return the persona of the address, or of the body; None: it cannot be read."""
    named = request.path_params.get("persona_id")
    try:
        if named is None:
            return PersonaOfBody.model_validate_json(await request.body()).persona_id
        return UUID(named)
    except (ValueError, ValidationError, TooLargeError):
        return None
