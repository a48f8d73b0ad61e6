"""Note what leads ask and no passage answered when their drafts were written."""

from collections.abc import Iterator, Sequence

from persona_contracts import DraftCreatedV1, Received
from service_kit.erasure import not_erased
from service_kit.store import Session

from chat_svc.domain.gap import Unanswered, question_of
from chat_svc.usecases.note_unanswered import note_unanswered


async def note_unanswered_drafts(
    session: Session, batch: Sequence[Received[DraftCreatedV1]]
) -> None:
    """Count each question of a draft that a persona was to write and no passage was found for."""
    fresh = await not_erased(session, batch, lambda event: event.occurred_at)
    asked = [each for item in fresh for each in _unanswered(item.event)]
    for each in sorted(asked, key=lambda each: (each.workspace_id, each.persona_id, each.key)):
        await note_unanswered(session, each)


def _unanswered(event: DraftCreatedV1) -> Iterator[Unanswered]:
    by = event.resolution
    if by.persona_id is None:
        return
    for question in filter(None, map(question_of, event.unanswered)):
        yield Unanswered(
            workspace_id=event.workspace_id,
            persona_id=by.persona_id,
            revision=by.revision,
            question=question,
            origin="draft",
            source_id=str(event.draft_id),
            owner_id=event.lead_id,
            asked_at=event.occurred_at,
        )
