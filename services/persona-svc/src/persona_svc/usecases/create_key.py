"""Create an API key; only the answer to this ever holds it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from service_kit import api_keys as keys
from service_kit import audit
from service_kit.errors import FieldError
from service_kit.ids import new_id

from persona_svc.adapters import api_keys, personas
from persona_svc.domain.api_key import (
    MAX_KEYS,
    ApiKey,
    KeyPersonasUnknownError,
    TooManyKeysError,
)
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.describe_key import describe_key


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyGrant:
    """What a key is to open."""

    name: str
    role: str
    persona_ids: tuple[UUID, ...] | None
    lifetime: timedelta


async def create_key(change: Change, grant: KeyGrant, pepper: bytes) -> tuple[ApiKey, str]:
    """Return the new key as it is stored, and the secret that opens with it.

    Raises:
        KeyPersonasUnknownError: it would be limited to a persona that is not there.
        TooManyKeysError: the workspace has MAX_KEYS.
    """
    await _require_personas(change, grant.persona_ids)
    if await api_keys.count(change.session, change.workspace_id) >= MAX_KEYS:
        raise TooManyKeysError(f"A workspace has at most {MAX_KEYS:,} keys: revoke one.")
    secret = keys.new_key()
    key = ApiKey(
        key_id=new_id(),
        workspace_id=change.workspace_id,
        name=grant.name,
        role=grant.role,
        persona_ids=grant.persona_ids,
        shown=keys.shown(secret),
        digest=keys.digest(secret, pepper),
        created_by=change.actor.subject,
        created_at=change.at,
        expires_at=change.at + grant.lifetime,
    )
    await api_keys.add(change.session, key)
    await audit.add_all(change.session, [describe_key(change, key, "key.create")])
    return key, secret


async def _require_personas(change: Change, persona_ids: Collection[UUID] | None) -> None:
    if persona_ids is None:
        return
    found = await personas.find(change.session, change.workspace_id, persona_ids)
    if missing := [each for each in persona_ids if each not in found]:
        hint = FieldError("persona_ids", "must be persona_ids of personas of this workspace")
        raise KeyPersonasUnknownError(f"no persona {missing[0]}", errors=[hint])
