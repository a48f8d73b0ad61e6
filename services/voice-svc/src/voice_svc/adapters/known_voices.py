"""What the voices of personas were like: the provider does not tell once they are discontinued."""

from uuid import UUID

from service_kit.store import Session
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from voice_svc.adapters.tables import KnownVoiceRow
from voice_svc.domain.voice_likeness import VoiceTraits


async def add(
    session: Session, workspace_id: str, persona_id: UUID, voice_id: str, traits: VoiceTraits
) -> None:
    """Remember what a persona's voice is like, if it is not known yet."""
    statement = insert(KnownVoiceRow).values(
        workspace_id=workspace_id,
        persona_id=persona_id,
        voice_id=voice_id,
        gender=traits.gender,
        accent=traits.accent,
        age=traits.age,
        language=traits.language,
    )
    await session.execute(statement.on_conflict_do_nothing())


async def find(session: Session, workspace_id: str, voice_id: str) -> VoiceTraits | None:
    """Return what a voice was like, as any persona of the workspace has it; None: not known."""
    row = await session.scalar(
        select(KnownVoiceRow)
        .where(KnownVoiceRow.workspace_id == workspace_id, KnownVoiceRow.voice_id == voice_id)
        .limit(1)
    )
    if row is None:
        return None
    return VoiceTraits(gender=row.gender, accent=row.accent, age=row.age, language=row.language)
