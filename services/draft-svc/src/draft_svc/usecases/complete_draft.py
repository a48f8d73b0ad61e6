"""Store a written draft."""

from dataclasses import asdict

from persona_contracts import Citation, DraftCreatedV1, Resolution, Usage
from service_kit.store import Session, after_commit, commit_time

from draft_svc.adapters import drafts
from draft_svc.adapters.metrics import count_ready
from draft_svc.domain.draft import Draft, DraftContent
from draft_svc.usecases.describe_draft import describe_draft
from draft_svc.usecases.publish_drafts import publish_drafts


async def complete_draft(
    session: Session, draft: Draft, content: DraftContent, *, took_ms: int
) -> Draft:
    """Make a draft ready for a decision, with what was written in `took_ms`."""
    ready = draft.complete(content)
    await drafts.save(session, ready)
    at = await commit_time(session)
    seconds = (at - ready.created_at).total_seconds()
    after_commit(
        session, lambda: count_ready(ready.workspace_id, content.model, content.usage, seconds)
    )
    event = DraftCreatedV1(
        **describe_draft(ready, at),
        subject=ready.subject,
        text=content.finished.text,
        body=content.finished.body,
        signature=content.finished.signature,
        citations=[Citation(**asdict(passage)) for passage in content.citations],
        resolution=Resolution.model_validate(content.resolution),
        model=content.model,
        usage=Usage(**asdict(content.usage)),
        took_ms=took_ms,
        unanswered=list(content.unanswered),
    )
    await publish_drafts(session, [event], of=[ready])
    return ready
