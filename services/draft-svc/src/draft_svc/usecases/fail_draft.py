"""Give up a draft that cannot be written."""

from service_kit.errors import ServiceError
from service_kit.store import Session, after_commit, commit_time

from draft_svc.adapters import drafts
from draft_svc.adapters.metrics import count_failed
from draft_svc.domain.draft import Draft, DraftFailure
from draft_svc.usecases.describe_failure import describe_failure
from draft_svc.usecases.publish_drafts import publish_drafts


async def fail_draft(
    session: Session, draft: Draft, error: ServiceError, *, attempts: int
) -> Draft:
    """Mark a draft failed after so many attempts, with the reason."""
    failed = draft.fail(DraftFailure.of(error))
    await drafts.save(session, failed)
    after_commit(session, count_failed)
    at = await commit_time(session)
    event = describe_failure(failed, attempts=attempts, at=at)
    await publish_drafts(session, [event], of=[failed])
    return failed
