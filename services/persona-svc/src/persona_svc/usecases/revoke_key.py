"""Revoke an API key; every service hears of it from KEY_STATE."""

from uuid import UUID

from service_kit import audit

from persona_svc.adapters import api_keys
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.describe_key import describe_key


async def revoke_key(change: Change, key_id: UUID) -> None:
    """Let a key open nothing any more.

    Raises:
        KeyNotFoundError: this workspace has none with that id.
    """
    key = await api_keys.lock(change.session, key_id)
    await api_keys.save(change.session, key.revoke(at=change.at))
    await audit.add_all(change.session, [describe_key(change, key, "key.revoke")])
