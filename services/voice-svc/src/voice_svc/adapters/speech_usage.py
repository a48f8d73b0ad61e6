"""The characters that were spoken, by month: of each persona, and of the workspace as a whole."""

from datetime import date
from uuid import UUID

from service_kit.store import Session, database_now
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from voice_svc.adapters.tables import SpeechUsageRow
from voice_svc.domain.speech import SpeechLimits, SpeechUsage, month_of, reset_after

WHOLE_WORKSPACE = UUID(int=0)


async def usage(
    session: Session, workspace_id: str, persona_id: UUID, limits: SpeechLimits
) -> SpeechUsage:
    """Return what was spoken this month."""
    month = month_of(await database_now(session))
    found = await session.execute(
        select(SpeechUsageRow.persona_id, SpeechUsageRow.characters).where(
            SpeechUsageRow.workspace_id == workspace_id,
            SpeechUsageRow.persona_id.in_([persona_id, WHOLE_WORKSPACE]),
            SpeechUsageRow.month == month,
        )
    )
    characters = {row.persona_id: row.characters for row in found}
    return SpeechUsage(
        persona_characters=characters.get(persona_id, 0),
        workspace_characters=characters.get(WHOLE_WORKSPACE, 0),
        limits=limits,
        resets_at=reset_after(month),
    )


async def add(
    session: Session, workspace_id: str, persona_id: UUID, characters: int, month: date
) -> None:
    """Add to what was spoken; a negative number takes back. Texts of a workspace take turns."""
    for owner in dict.fromkeys([WHOLE_WORKSPACE, persona_id]):
        statement = insert(SpeechUsageRow).values(
            workspace_id=workspace_id,
            persona_id=owner,
            month=month,
            characters=max(0, characters),
        )
        key = [SpeechUsageRow.workspace_id, SpeechUsageRow.persona_id, SpeechUsageRow.month]
        changed = {"characters": SpeechUsageRow.characters + characters}
        await session.execute(statement.on_conflict_do_update(index_elements=key, set_=changed))
