"""Tell which drafts wait for a person."""

from collections.abc import Sequence

from service_kit.notices import Notice
from service_kit.store import Session

from draft_svc.adapters import drafts
from draft_svc.domain.draft import DraftStatus


async def find_notices(session: Session) -> Sequence[Notice]:
    """Return what waits in the session's workspace: drafts to decide, and those that failed."""
    ready = [
        Notice(
            kind="drafts-waiting",
            count=waiting.count,
            since=waiting.since,
            message="Drafts wait to be approved or rejected.",
            setting="Approve, edit or reject them.",
            see=f"/api/drafts?status={DraftStatus.READY}",
        )
        for waiting in await drafts.waiting_in(session, DraftStatus.READY)
    ]
    failed = [
        Notice(
            kind="drafts-failed",
            reason=waiting.reason,
            count=waiting.count,
            since=waiting.since,
            message="Replies got no draft.",
            setting=waiting.example or "Regenerate them.",
            see=f"/api/drafts?status={DraftStatus.FAILED}",
        )
        for waiting in await drafts.waiting_in(session, DraftStatus.FAILED)
        if waiting.reason not in drafts.NEEDS_NO_ANSWER
    ]
    return [*ready, *failed]
