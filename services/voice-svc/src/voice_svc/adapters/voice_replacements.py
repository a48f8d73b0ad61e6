"""Voices that stood in for others, and when that was last told."""

from datetime import datetime, timedelta
from uuid import UUID

from service_kit.notices import Waiting, waiting
from service_kit.store import Session
from sqlalchemy.dialects.postgresql import insert

from voice_svc.adapters.tables import VoiceReplacementRow

TOLD_EVERY = timedelta(hours=1)
RECENT = timedelta(days=1)


async def recent(session: Session, *, at: datetime) -> list[Waiting]:
    """Return how many voices of the workspace were replaced in the day before `at`."""
    told_at = VoiceReplacementRow.told_at.expression
    return await waiting(session, told_at > at - RECENT, since=told_at)


async def may_tell(
    session: Session,
    workspace_id: str,
    persona_id: UUID,
    voices: tuple[str, str],
    *,
    at: datetime,
) -> bool:
    """Return whether it may be told again that the second voice stood in for the first; note it."""
    voice_id, replacement = voices
    statement = (
        insert(VoiceReplacementRow)
        .values(
            workspace_id=workspace_id,
            persona_id=persona_id,
            voice_id=voice_id,
            replacement_voice_id=replacement,
            told_at=at,
        )
        .on_conflict_do_update(
            index_elements=[*VoiceReplacementRow.__table__.primary_key],
            set_={"told_at": at},
            where=VoiceReplacementRow.told_at <= at - TOLD_EVERY,
        )
        .returning(VoiceReplacementRow.told_at)
    )
    return (await session.scalar(statement)) is not None
