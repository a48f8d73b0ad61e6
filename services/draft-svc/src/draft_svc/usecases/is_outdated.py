"""Compare a draft with what would be resolved now."""

from persona_model.make_voice import make_voice
from service_kit.personas import PersonasNotReadyError, resolve_persona

from draft_svc.domain.draft import DraftStatus, ShownDraft
from draft_svc.usecases.ports import Personas


def is_outdated(personas: Personas, draft: ShownDraft) -> bool:
    """Return whether another persona would speak in a ready draft, or the same one differently."""
    if draft.status is not DraftStatus.READY:
        return False
    try:
        now = resolve_persona(
            personas, draft.workspace_id, campaign_id=draft.campaign_id, channel=draft.channel
        )
    except PersonasNotReadyError:
        return False
    return draft.differs_from(now.persona_id, now.version, make_voice(now, "write"))
