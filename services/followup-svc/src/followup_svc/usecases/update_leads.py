"""Update what is known of leads."""

from collections.abc import Collection

from service_kit.store import Session

from followup_svc.adapters import leads, suppressions
from followup_svc.domain.lead import LeadUpdate


async def update_leads(session: Session, updates: Collection[LeadUpdate]) -> None:
    """Store what is told of locked leads; a new address of one that is suppressed is, too."""
    await leads.update_all(session, updates)
    with_address = {update.key for update in updates if update.fields.get("email")}
    if with_address:
        await suppressions.learn_addresses(session, with_address)
