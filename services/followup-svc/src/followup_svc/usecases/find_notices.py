"""Tell which follow-ups wait for a person."""

from collections.abc import Sequence
from urllib.parse import urlencode

from service_kit.notices import Notice
from service_kit.store import Session

from followup_svc.adapters import instances
from followup_svc.domain.instance import State


async def find_notices(session: Session) -> Sequence[Notice]:
    """Return what instances of the session's workspace are paused for, most frequent first."""
    return [
        Notice(
            kind="followups-paused",
            reason=waiting.reason,
            count=waiting.count,
            since=waiting.since,
            message="Follow-ups are paused.",
            setting=waiting.example or "Resume or stop them.",
            see=f"/api/instances?{urlencode({'state': State.PAUSED, 'reason': waiting.reason})}",
        )
        for waiting in await instances.waiting(session)
    ]
