"""The pool that writes answers, the one that erases, and what runs beside them."""

from functools import partial
from typing import Any

from service_kit.erasure import erasing_pool
from service_kit.repeating import repeat
from service_kit.service import Background
from service_kit.work import WorkPool

from chat_svc.adapters.messages import LEASES
from chat_svc.deps import ChatDeps
from chat_svc.usecases.erase_lead import erase_lead
from chat_svc.usecases.erase_persona import erase_persona
from chat_svc.usecases.erase_workspace import erase_workspace
from chat_svc.usecases.purge_conversations import purge_conversations
from chat_svc.usecases.write_answer import WriteAnswer

PURGE_SECONDS = 3_600.0


def pools(deps: ChatDeps) -> list[WorkPool[Any]]:
    """Return the pool that writes, once for each answer, if somebody can; and the one that erases.

    What fails waits for the person who asked, and is not tried again by itself.
    """
    store = deps.store
    erasing = erasing_pool(
        store,
        persona=partial(erase_persona, store),
        lead=partial(erase_lead, store),
        workspace=partial(erase_workspace, store),
    )
    if deps.writer is None:
        return [erasing]
    work = WriteAnswer(deps.roster, deps.knowledge, deps.writer, deps.deltas)
    concurrency = deps.settings.answer_concurrency
    writing = WorkPool(store, LEASES, work, concurrency=concurrency, retry_delays=())
    return [writing, erasing]


def background(deps: ChatDeps) -> list[Background]:
    """Return what deletes for good, and what closes the writer when the process ends."""
    purge = partial(purge_conversations, deps.store)
    purging = partial(repeat, purge, PURGE_SECONDS, failed="conversations.not_purged")
    return [purging] if deps.writer is None else [purging, deps.writer.keep_open]
