"""Say what an answer was worth."""

from persona_contracts import ChatFeedbackV1
from service_kit.outbox import publish
from service_kit.store import Session, commit_time

from chat_svc.adapters import messages
from chat_svc.domain.message import Message, Rating


async def rate_answer(
    session: Session, answer: Message, rating: Rating | None, feedback: str | None
) -> Message:
    """Store a rating (None: taken back) and words to it; the event tells the rating alone.

    Raises:
        NotAnAnswerError: it is none, or has not ended.
    """
    rated = answer.rate(rating, feedback)
    await messages.save(session, rated)
    by = answer.resolution or {}
    event = ChatFeedbackV1(
        workspace_id=answer.workspace_id,
        occurred_at=await commit_time(session),
        conversation_id=answer.conversation_id,
        message_id=answer.message_id,
        persona_id=by.get("persona_id"),
        version=by.get("version"),
        rating=rating or "none",
    )
    await publish(session, event)
    return rated
