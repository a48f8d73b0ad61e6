"""Tell which API keys wait for a person."""

from collections.abc import Sequence
from datetime import timedelta

from service_kit.notices import Notice
from service_kit.store import Session, database_now

from persona_svc.adapters import api_keys

SOON = timedelta(days=14)


async def find_notices(session: Session) -> Sequence[Notice]:
    """Return how many keys of the session's workspace expire soon."""
    now = await database_now(session)
    return [
        Notice(
            kind="keys-expiring",
            count=waiting.count,
            message=f"API keys expire soon, the first at {waiting.since:%F %R} UTC.",
            setting="Create another key, give it to whoever uses the old one, then revoke that.",
            see="/api/keys",
        )
        for waiting in await api_keys.expiring(session, now, now + SOON)
    ]
