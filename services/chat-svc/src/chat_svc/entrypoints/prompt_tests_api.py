"""REST: the playground, where prompts are tried beside the active ones."""

import json
from collections.abc import AsyncGenerator
from dataclasses import asdict
from uuid import UUID

from fastapi import Response
from fastapi.responses import StreamingResponse
from persona_model.knowledge import PassageText
from service_kit.identity import CHANGES_NOTHING, Editor
from service_kit.paging import Page, Paging
from service_kit.persona_dependencies import PersonaOfPath
from service_kit.problem import problem_responses
from service_kit.routing import WorkspaceSession, api_router

from chat_svc.adapters import prompt_tests
from chat_svc.domain.prompt_test import Answered, NotAnswered, PromptShown, Words
from chat_svc.entrypoints.answer_stream import HEADERS, MEDIA_TYPE, STREAM
from chat_svc.entrypoints.dependencies import Answering
from chat_svc.entrypoints.prompt_test_schemas import PromptTestDocument, TestPromptsRequest
from chat_svc.usecases.follow_answer import Ping
from chat_svc.usecases.try_prompts import Seen, Trial, TryPrompts

router = api_router("/api/personas/{persona_id}/prompts", "prompts")


@router.post(
    "/test",
    operation_id="testPrompts",
    summary="Try prompts beside the active ones",
    responses={**problem_responses(404, 409), **STREAM},
    response_class=StreamingResponse,
    dependencies=CHANGES_NOTHING,
)
async def test_prompts(
    persona: PersonaOfPath, body: TestPromptsRequest, editor: Editor, deps: Answering
) -> Response:
    """Answer one question with the active prompts and with drafts, and stream both answers.

    An AI SDK's UI message stream: the text parts are `active` and `draft`; `data-prompt` shows what
    the model is told, `data-passages` what was found, `data-usage` tokens, cost and latency. Of it
    all nothing is stored but the usage.
    """
    if deps.writer is None:
        raise RuntimeError("the route has been told that somebody writes")
    trying = TryPrompts(
        store=deps.store, personas=deps.roster, knowledge=deps.knowledge, writer=deps.writer
    )
    workspace_id = editor.workspace_id
    trial = await trying.prepare(workspace_id, persona.persona_id, body.message, body.drafts())
    parts = _sent(trial, trying.run(workspace_id, trial))
    return StreamingResponse(parts, media_type=MEDIA_TYPE, headers=HEADERS)


@router.get(
    "/tests",
    operation_id="listPromptTests",
    summary="List what tests of prompts took",
    responses=problem_responses(404),
)
async def list_tests(
    persona: PersonaOfPath, _: Editor, session: WorkspaceSession, paging: Paging
) -> Page[PromptTestDocument]:
    """Return tokens, cost and time of each side, newest first; never what was said."""
    found = await prompt_tests.page(
        session, persona.persona_id, paging.start_after(UUID), paging.rows
    )
    documents = [PromptTestDocument.of(each) for each in found]
    return paging.page(documents, lambda document: document.test_id)


async def _sent(trial: Trial, seen: AsyncGenerator[Seen]) -> AsyncGenerator[str]:
    yield _event("start")
    passages = [_passage(*each) for each in enumerate(trial.knowledge.passages, start=1)]
    found = {"knowledge": trial.knowledge.status, "passages": passages}
    yield _event("data-passages", data=found)
    speaking = set[str]()
    try:
        async for each in seen:
            if isinstance(each, Words) and each.side not in speaking:
                speaking.add(each.side)
                yield _event("text-start", id=each.side)
            if isinstance(each, Answered | NotAnswered) and each.side in speaking:
                yield _event("text-end", id=each.side)
            yield _shown(each)
    finally:
        await seen.aclose()
    yield _event("finish")
    yield "data: [DONE]\n\n"


def _shown(seen: Seen) -> str:
    match seen:
        case Ping():
            return ": ping\n\n"
        case PromptShown():
            told = [{"role": role, "content": content} for role, content in seen.messages]
            return _event("data-prompt", data={"side": seen.side, "messages": told})
        case Words():
            return _event("text-delta", id=seen.side, delta=seen.text)
        case Answered():
            return _event("data-usage", data=asdict(seen))
        case NotAnswered():
            return _event("data-failed", data=asdict(seen))


def _passage(number: int, passage: PassageText) -> dict[str, object]:
    return {
        "number": number,
        "source": passage.source,
        "page": passage.page_start,
        "section": passage.section,
        "text": passage.text,
    }


def _event(kind: str, **values: object) -> str:
    return f"data: {json.dumps({'type': kind, **values}, ensure_ascii=False)}\n\n"
