"""The pool that writes queued drafts."""

from functools import partial

from service_kit.clock import utc_now
from service_kit.erasure import ErasureRow, erasing_pool
from service_kit.service import Service
from service_kit.store import Store
from service_kit.work import WorkPool

from draft_svc.adapters.drafts import LEASES, DraftRow
from draft_svc.adapters.knowledge import NatsKnowledge
from draft_svc.settings import DraftSettings
from draft_svc.usecases.erase_lead import erase_lead
from draft_svc.usecases.erase_persona import erase_persona
from draft_svc.usecases.erase_workspace import erase_workspace
from draft_svc.usecases.write_draft import WriteDraft, Writer


def draft_pool(service: Service, settings: DraftSettings, writer: Writer) -> WorkPool[DraftRow]:
    """Return the pool; it stays with a draft for about five minutes."""
    work = WriteDraft(
        service.store,
        service.roster,
        NatsKnowledge(service.broker.publishing),
        writer,
        utc_now,
    )
    return WorkPool(
        service.store,
        LEASES,
        work,
        concurrency=settings.write_concurrency,
        retry_delays=settings.retry_delays_seconds,
    )


def erase_pool(store: Store) -> WorkPool[ErasureRow]:
    """Return the pool that erases."""
    return erasing_pool(
        store,
        persona=partial(erase_persona, store),
        lead=partial(erase_lead, store),
        workspace=partial(erase_workspace, store),
    )
