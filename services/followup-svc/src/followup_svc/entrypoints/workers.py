"""The pool that sends what is due."""

from typing import Any

from service_kit.batch_work import BatchPool

from followup_svc.adapters.instances import LEASES
from followup_svc.deps import FollowupDeps
from followup_svc.usecases.send_due import SendDue


def pools(deps: FollowupDeps) -> list[BatchPool[Any]]:
    """Return the pool; several replicas share what is due."""
    work = SendDue(deps.roster, deps.versions)
    return [
        BatchPool(
            deps.store,
            LEASES,
            work,
            size=deps.settings.send_batch,
            idle_seconds=deps.settings.due_check_seconds,
        )
    ]
