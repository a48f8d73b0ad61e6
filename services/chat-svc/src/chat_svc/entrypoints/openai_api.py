"""REST as OpenAI's: personas are models; conversations stay with whoever asks."""

import json
import time
from collections.abc import AsyncGenerator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response
from fastapi.responses import JSONResponse, StreamingResponse
from persona_client import RosterNotReadyError
from persona_contracts import ResolvedPersona
from prometheus_client import Counter
from pydantic import Field
from service_kit.errors import NotFoundError, ServiceError
from service_kit.identity import CHANGES_NOTHING, OF_OWN_PERSONAS, Principal, Viewer
from service_kit.ids import new_id
from service_kit.in_turn import in_turn
from service_kit.personas import PersonasNotReadyError
from service_kit.problem import problem_responses
from service_kit.routing import api_router

from chat_svc.deps import ChatDeps
from chat_svc.entrypoints.answer_stream import MEDIA_TYPE
from chat_svc.entrypoints.dependencies import Answering, Deps
from chat_svc.entrypoints.openai_schemas import (
    CreateCompletionRequest,
    OpenAIModelDocument,
    OpenAIModelsDocument,
    annotations_of,
    sources_of,
    usage_of,
)
from chat_svc.usecases.complete_chat import CompleteChat, Completed

completions_total = Counter(
    "dramatis_chat_completions_total", "Answers that were asked for in OpenAI's form.", ["form"]
)


class ModelNotFoundError(NotFoundError):
    """There is no such persona."""

    slug = "model-not-found"


router = api_router("/api/openai/v1", "openai")


@router.get(
    "/models",
    operation_id="listModels",
    summary="List the personas as models",
    dependencies=[*OF_OWN_PERSONAS, Depends(in_turn)],
)
async def list_models(viewer: Viewer, deps: Deps) -> OpenAIModelsDocument:
    """Return the active personas."""
    found = [each for each in _personas(deps, viewer) if each.is_active]
    return OpenAIModelsDocument(data=[OpenAIModelDocument.of(each) for each in found])


@router.get(
    "/models/{model}",
    operation_id="getModel",
    summary="Show a persona as a model",
    responses=problem_responses(404),
    dependencies=OF_OWN_PERSONAS,
)
async def get_model(
    model: Annotated[str, Field(max_length=80)], viewer: Viewer, deps: Deps
) -> OpenAIModelDocument:
    """Return one persona, by id or name."""
    return OpenAIModelDocument.of(_persona(deps, viewer, model))


@router.post(
    "/chat/completions",
    operation_id="createCompletion",
    summary="Let a persona answer a conversation that you keep",
    responses=problem_responses(404),
    response_class=Response,
    dependencies=(*OF_OWN_PERSONAS, *CHANGES_NOTHING),
)
async def create_completion(
    body: CreateCompletionRequest, viewer: Viewer, deps: Answering
) -> Response:
    """Return the answer, or stream it; nothing of the conversation is stored.

    The passages that it names stand below it as a list, and in `annotations`.
    """
    persona = _persona(deps, viewer, body.model)
    completions_total.labels("stream" if body.stream else "whole").inc()
    parts = _complete(deps, viewer.workspace_id, persona.persona_id, body)
    head = {"id": f"chatcmpl-{new_id()}", "created": int(time.time()), "model": body.model}
    if not body.stream:
        return JSONResponse(await _whole(parts, head))
    first = await anext(parts)  # what fails before it is a problem
    return StreamingResponse(
        _chunks(first, parts, head, wants_usage=body.wants_usage), media_type=MEDIA_TYPE
    )


def _complete(
    deps: ChatDeps, workspace_id: str, persona_id: UUID, body: CreateCompletionRequest
) -> AsyncGenerator[str | Completed]:
    if deps.writer is None:
        raise RuntimeError("the route has been told that somebody writes")
    complete = CompleteChat(personas=deps.roster, knowledge=deps.knowledge, writer=deps.writer)
    return complete.complete(workspace_id, persona_id, body.history, body.question)


def _personas(deps: ChatDeps, caller: Principal) -> list[ResolvedPersona]:
    """Return the personas that the caller may know of."""
    try:
        found = deps.roster.personas(caller.workspace_id)
    except RosterNotReadyError as error:
        raise PersonasNotReadyError(str(error)) from error
    ids = caller.persona_ids
    return [each for each in found if ids is None or each.persona_id in ids]


def _persona(deps: ChatDeps, caller: Principal, model: str) -> ResolvedPersona:
    for persona in _personas(deps, caller):
        is_named = model.casefold() in {str(persona.persona_id), persona.name.casefold()}
        if persona.is_active and is_named:
            return persona
    raise ModelNotFoundError(f"no active persona has the id or name {model!r}")


async def _whole(parts: AsyncGenerator[str | Completed], head: dict[str, Any]) -> dict[str, Any]:
    text = ""
    async for part in parts:
        if isinstance(part, Completed):
            message = {
                "role": "assistant",
                "content": text + sources_of(part.citations),
                "annotations": list(annotations_of(part.citations)),
            }
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = usage_of(part.written)
            return {**head, "object": "chat.completion", "choices": [choice], "usage": usage}
        text += part
    raise RuntimeError("a writer ends with what it cost, or raises")


async def _chunks(
    first: str | Completed,
    parts: AsyncGenerator[str | Completed],
    head: dict[str, Any],
    *,
    wants_usage: bool,
) -> AsyncGenerator[str]:
    yield _chunk(head, {"role": "assistant", "content": ""})
    try:
        part = first
        while isinstance(part, str):
            yield _chunk(head, {"content": part})
            part = await anext(parts)
    except ServiceError as error:
        yield _data({"error": {"message": str(error), "type": "server_error", "code": error.slug}})
        return
    finally:
        await parts.aclose()
    if part.citations:
        annotations = list(annotations_of(part.citations))
        sources = sources_of(part.citations)
        yield _chunk(head, {"content": sources, "annotations": annotations})
    yield _chunk(head, {}, end="stop")
    if wants_usage:
        usage = usage_of(part.written)
        yield _data({**head, "object": "chat.completion.chunk", "choices": [], "usage": usage})
    yield "data: [DONE]\n\n"


def _chunk(head: dict[str, Any], delta: dict[str, Any], end: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": end}
    return _data({**head, "object": "chat.completion.chunk", "choices": [choice]})


def _data(document: dict[str, Any]) -> str:
    return f"data: {json.dumps(document, ensure_ascii=False)}\n\n"
