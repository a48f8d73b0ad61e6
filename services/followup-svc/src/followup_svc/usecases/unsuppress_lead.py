"""Take a lead off the suppression list."""

from uuid import UUID

from service_kit.store import Session

from followup_svc.adapters import suppressions


async def unsuppress_lead(session: Session, suppression_id: UUID) -> None:
    """Allow a lead to be started again; what was stopped stays so.

    Raises:
        SuppressionNotFoundError: this workspace has no such suppression.
    """
    await suppressions.remove(session, suppression_id)
