"""Tell that another voice speaks in place of a persona's own."""

from typing import Final
from uuid import UUID

from persona_contracts import VoiceVoiceReplacedV1
from service_kit.outbox import publish
from service_kit.store import Session, database_now

from voice_svc.adapters import voice_replacements

DISCONTINUED: Final = "discontinued"
UNAVAILABLE: Final = "unavailable"


async def tell_replaced_voice(
    session: Session, workspace_id: str, persona_id: UUID, voices: tuple[str, str], *, reason: str
) -> None:
    """Publish that the second of `voices` speaks for the first, at most once an hour."""
    now = await database_now(session)
    if not await voice_replacements.may_tell(session, workspace_id, persona_id, voices, at=now):
        return
    voice_id, replacement = voices
    await publish(
        session,
        VoiceVoiceReplacedV1(
            workspace_id=workspace_id,
            occurred_at=now,
            persona_id=persona_id,
            voice_id=voice_id,
            replacement_voice_id=replacement,
            reason=reason,
        ),
    )
