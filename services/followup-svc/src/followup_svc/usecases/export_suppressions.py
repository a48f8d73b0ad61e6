"""Export the suppression list."""

from service_kit.store import Session

from followup_svc.adapters import suppressions
from followup_svc.domain.lead import Suppression

BATCH = 1_000


async def export_suppressions(session: Session) -> list[Suppression]:
    """Return every suppression of the workspace, newest first."""
    found: list[Suppression] = []
    while True:
        after = found[-1].suppression_id if found else None
        page = await suppressions.page(session, after, BATCH)
        found += page
        if len(page) < BATCH:
            return found
