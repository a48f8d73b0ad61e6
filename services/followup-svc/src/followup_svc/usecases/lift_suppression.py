"""Lift a suppression."""

from uuid import UUID

from service_kit.store import Session, database_now

from followup_svc.adapters import suppressions
from followup_svc.domain.lead import LiftedSuppression


async def lift_suppression(session: Session, suppression_id: UUID, *, reason: str, by: str) -> None:
    """Allow a lead, or addresses, to be written to again; what was stopped stays so.

    Raises:
        SuppressionNotFoundError: this workspace has no such suppression.
    """
    lifted = LiftedSuppression(
        suppression=await suppressions.remove(session, suppression_id),
        reason=reason,
        lifted_by=by,
        lifted_at=await database_now(session),
    )
    await suppressions.keep_lifted(session, lifted)
