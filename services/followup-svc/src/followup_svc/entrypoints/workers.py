"""The pools: what is due is sent, what is to be erased goes."""

from functools import partial
from typing import Any

from service_kit.batch_work import BatchPool
from service_kit.erasure import erasing_pool
from service_kit.work import WorkPool

from followup_svc.adapters.instances import LEASES
from followup_svc.deps import FollowupDeps
from followup_svc.usecases.erase_lead import erase_lead
from followup_svc.usecases.erase_persona import erase_persona
from followup_svc.usecases.erase_workspace import erase_workspace
from followup_svc.usecases.send_due import SendDue


def pools(deps: FollowupDeps) -> list[BatchPool | WorkPool[Any]]:
    """Return the pools: several replicas share what is due, and what is to be erased."""
    work = SendDue(deps.roster, deps.versions)
    return [
        BatchPool(
            deps.store,
            LEASES,
            work,
            size=deps.settings.send_batch,
            rest_seconds=deps.settings.due_check_seconds,
        ),
        erasing_pool(
            deps.store,
            persona=partial(erase_persona, deps.store),
            lead=partial(erase_lead, deps.store),
            workspace=partial(erase_workspace, deps.store),
        ),
    ]
