"""Give personas an agent, or take it, as people asked voice-svc to."""

from collections.abc import Sequence

from persona_contracts import Received, VoiceSetupRequestedV1
from service_kit.erasure import not_erased
from service_kit.errors import InvalidError
from service_kit.store import Session
from structlog import get_logger

from persona_svc.adapters import personas
from persona_svc.usecases.begin_change import Actor, begin_change
from persona_svc.usecases.update_voice import update_voice

log = get_logger(__name__)


async def set_up_voices(session: Session, batch: Sequence[Received[VoiceSetupRequestedV1]]) -> None:
    """Set `voice.enabled` of each persona as was asked; a persona that is gone stays gone."""
    fresh = await not_erased(session, batch, lambda event: event.occurred_at)
    for item in sorted(fresh, key=lambda item: item.workspace_id):
        event = item.event
        actor = Actor(subject=event.requested_by, role="admin")
        change = await begin_change(session, event.workspace_id, actor)
        found = await personas.find(session, event.workspace_id, [event.persona_id])
        persona = found.get(event.persona_id)
        if persona is None:
            continue
        if (persona.fields.voice is not None and persona.fields.voice.enabled) == event.enabled:
            continue
        try:
            async with session.begin_nested():
                await update_voice(change, persona, {"enabled": event.enabled})
        except InvalidError as error:  # what the rules refuse of one that talks, or now refuse
            log.warning("voice.not_set_up", persona_id=str(event.persona_id), reason=error.slug)
