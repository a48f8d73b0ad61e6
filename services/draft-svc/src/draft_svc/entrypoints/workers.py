"""The pool that writes queued drafts, the one that erases, and what closes the writer."""

from functools import partial
from typing import Any

from service_kit.erasure import erasing_pool
from service_kit.service import Background
from service_kit.work import WorkPool

from draft_svc.adapters.drafts import LEASES
from draft_svc.deps import DraftDeps
from draft_svc.usecases.erase_lead import erase_lead
from draft_svc.usecases.erase_persona import erase_persona
from draft_svc.usecases.erase_workspace import erase_workspace
from draft_svc.usecases.write_draft import WriteDraft


def pools(deps: DraftDeps) -> list[WorkPool[Any]]:
    """Return the pool that writes, for about five minutes a draft, and the one that erases."""
    store = deps.store
    return [
        WorkPool(
            store,
            LEASES,
            WriteDraft(deps.cleaner, deps.roster, deps.knowledge, deps.writer),
            concurrency=deps.settings.write_concurrency,
            retry_delays=deps.settings.retry_delays_seconds,
        ),
        erasing_pool(
            store,
            persona=partial(erase_persona, store),
            lead=partial(erase_lead, store),
            workspace=partial(erase_workspace, store),
        ),
    ]


def background(deps: DraftDeps) -> list[Background]:
    """Return what closes the cleaner and the writer when the process ends."""
    return [deps.cleaner.keep_open, deps.writer.keep_open]
