"""REST: the voices that can be chosen, and how they sound."""

from dataclasses import replace
from typing import Annotated

from fastapi import Query, Response
from pydantic import StringConstraints
from service_kit.errors import ServiceError
from service_kit.identity import CHANGES_NOTHING, OF_OWN_PERSONAS, Viewer
from service_kit.problem import problem_responses
from service_kit.routing import api_router

from voice_svc.entrypoints.audio_response import AUDIO, MEDIA_TYPE, AudioResponse
from voice_svc.entrypoints.dependencies import Deps
from voice_svc.entrypoints.schemas.speech import PreviewVoiceRequest, VoiceListDocument
from voice_svc.usecases.list_voices import VoiceFilter
from voice_svc.usecases.preview_voice import preview_voice
from voice_svc.usecases.speak import Live

Label = Annotated[str, StringConstraints(min_length=1, max_length=100)] | None

router = api_router("/api/voices", "voices")


@router.get(
    "",
    operation_id="listVoices",
    summary="List the voices that can be chosen",
    responses=problem_responses(429),
    dependencies=OF_OWN_PERSONAS,
)
async def list_voices(
    _: Viewer,
    deps: Deps,
    gender: Annotated[Label, Query()] = None,
    accent: Annotated[Label, Query()] = None,
    category: Annotated[Label, Query()] = None,
    language: Annotated[Label, Query()] = None,
    text: Annotated[Label, Query(description="Anywhere in name, description and labels.")] = None,
) -> VoiceListDocument:
    """Return all that fit; they are at most 15 minutes old, unless the vendor is away."""
    found = await deps.voices.all()
    asked = VoiceFilter(
        gender=gender, accent=accent, category=category, language=language, text=text
    )
    return VoiceListDocument.of(
        replace(found, voices=[voice for voice in found.voices if asked.takes(voice)])
    )


router.add_api_route("/available", list_voices, methods=["GET"], include_in_schema=False)


@router.post(
    "/preview",
    operation_id="previewVoice",
    summary="Hear a voice",
    responses={**problem_responses(404, 429), **AUDIO},
    response_class=Response,
    dependencies=CHANGES_NOTHING,
)
async def preview(body: PreviewVoiceRequest, viewer: Viewer, deps: Deps) -> Response:
    """Return the vendor's sample, or a text said by the voice, which the workspace pays for."""
    try:
        answer = await preview_voice(
            deps.speech, deps.speak, viewer.workspace_id, body.voice_id, body.text
        )
    except ServiceError as error:
        error.extra["text"] = body.text
        raise
    headers = {"Cache-Control": "private, max-age=900", "X-Voice-Id": body.voice_id}
    if isinstance(answer, Live):
        return AudioResponse(answer.spoken, headers)
    return Response(answer.audio, headers=headers, media_type=MEDIA_TYPE)
