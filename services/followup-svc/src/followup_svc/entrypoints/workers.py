"""The pool that sends what is due."""

from service_kit.batch_work import BatchPool

from followup_svc.adapters.instances import LEASES, InstanceDueRow
from followup_svc.deps import FollowupDeps
from followup_svc.usecases.send_due import SendDue


def pools(deps: FollowupDeps) -> list[BatchPool[InstanceDueRow]]:
    """Return the pool; several replicas share what is due."""
    return [
        BatchPool(
            deps.store,
            LEASES,
            SendDue(deps.roster, deps.versions),
            size=deps.settings.send_batch,
            idle_seconds=deps.settings.due_check_seconds,
        )
    ]
