"""The pool that sends what is due."""

from service_kit.batch_work import BatchPool
from service_kit.service import Service

from followup_svc.adapters.instances import LEASES, InstanceDueRow
from followup_svc.adapters.sequences import SequenceVersions
from followup_svc.settings import FollowupSvcSettings
from followup_svc.usecases.send_due import SendDue


def due_pool(
    service: Service, settings: FollowupSvcSettings, versions: SequenceVersions
) -> BatchPool[InstanceDueRow]:
    """Return the pool; several replicas share what is due."""
    return BatchPool(
        service.store,
        LEASES,
        SendDue(service.roster, versions),
        size=settings.send_batch,
        idle_seconds=settings.due_check_seconds,
    )
