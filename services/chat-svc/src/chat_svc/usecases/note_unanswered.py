"""Note a question that no passage answers."""

from persona_contracts import ChatUnansweredV1
from service_kit.outbox import publish
from service_kit.store import Session, commit_time

from chat_svc.adapters import gaps
from chat_svc.domain.gap import Unanswered


async def note_unanswered(session: Session, unanswered: Unanswered) -> None:
    """Count the question; an event tells when it is new, or is asked again after an answer."""
    gap, is_new = await gaps.lock_or_add(session, unanswered)
    await gaps.add_source(session, gap, unanswered)
    asked = gap.ask_again(unanswered)
    if asked == gap and not is_new:
        return
    await gaps.save(session, asked)
    event = ChatUnansweredV1(
        workspace_id=asked.workspace_id,
        occurred_at=await commit_time(session),
        gap_id=asked.gap_id,
        persona_id=asked.persona_id,
        revision=asked.revision,
    )
    await publish(session, event)
