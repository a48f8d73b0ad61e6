"""Save the follow-up settings of a workspace."""

from service_kit.store import Session

from followup_svc.adapters import followup_settings
from followup_svc.domain.followup_settings import FollowupSettings


async def save_settings(
    session: Session, workspace_id: str, before: FollowupSettings, new: FollowupSettings
) -> FollowupSettings:
    """Replace the locked settings `before`; what is planned keeps its time."""
    saved = before.replaced_by(new)
    await followup_settings.save(session, workspace_id, saved)
    return saved
