"""Tell which agents and voices wait for a person."""

from collections.abc import Sequence

from service_kit.notices import Notice
from service_kit.store import Session, database_now

from voice_svc.adapters import agents, voice_replacements


async def find_notices(session: Session) -> Sequence[Notice]:
    """Return which agents of the session's workspace failed, and which voices were replaced."""
    failed = [
        Notice(
            kind="agents-failed",
            reason=waiting.reason,
            count=waiting.count,
            since=waiting.since,
            message="Voice agents are not as their personas want them.",
            setting=waiting.example or "Look at what differs, then make the agent again.",
            see="/api/agents",
        )
        for waiting in await agents.failed(session)
    ]
    replaced = [
        Notice(
            kind="voices-replaced",
            count=waiting.count,
            since=waiting.since,
            message="Another voice stands in for one that cannot speak.",
            setting="Choose a voice, or fallbacks, in the persona's voice settings.",
            see="/api/voices",
        )
        for waiting in await voice_replacements.recent(session, at=await database_now(session))
    ]
    return [*failed, *replaced]
