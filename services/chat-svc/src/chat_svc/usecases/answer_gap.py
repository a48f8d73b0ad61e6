"""Answer a question that no passage answers."""

from persona_contracts import ChatGapAnsweredV1
from service_kit.outbox import publish
from service_kit.store import Session, commit_time, database_now

from chat_svc.adapters import gaps
from chat_svc.domain.gap import Gap


async def answer_gap(
    session: Session, gap: Gap, answer: str, *, question: str | None, by: str
) -> Gap:
    """Answer a locked gap, as `question` if the asked words are not to be kept.

    The event makes a document of the persona of it.

    Raises:
        GapAnsweredError: somebody has already.
    """
    answered = gap.answer(by=by, at=await database_now(session))
    await gaps.save(session, answered)
    event = ChatGapAnsweredV1(
        workspace_id=answered.workspace_id,
        occurred_at=await commit_time(session),
        gap_id=answered.gap_id,
        persona_id=answered.persona_id,
        question=question or answered.question,
        answer=answer,
        answered_by=by,
    )
    await publish(session, event)
    return answered
