"""Ask persona-svc to give a persona an agent, or to take it."""

from uuid import UUID

from persona_contracts import VoiceSetupRequestedV1
from service_kit.outbox import publish
from service_kit.store import Session, database_now


async def request_voice(
    session: Session, workspace_id: str, persona_id: UUID, *, enabled: bool, by: str
) -> None:
    """Publish what somebody wants; the agent follows the persona."""
    event = VoiceSetupRequestedV1(
        workspace_id=workspace_id,
        occurred_at=await database_now(session),
        persona_id=persona_id,
        enabled=enabled,
        requested_by=by,
    )
    await publish(session, event)
