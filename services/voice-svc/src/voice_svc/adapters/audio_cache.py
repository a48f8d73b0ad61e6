"""Audio to be heard again: encrypted, for a day at most, within a bound of bytes."""

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr
from service_kit.store import Session, database_now
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from voice_svc.adapters.tables import AudioRow
from voice_svc.domain.speech import Utterance

KEPT = timedelta(hours=24)
MAX_AUDIO_BYTES = 8 * 1024 * 1024
"""Of one recording; a longer one is not kept."""
_NONCE_BYTES = 12


def _own_key() -> SecretStr:
    return SecretStr(secrets.token_urlsafe(32))


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioCache:
    """Replicas with one `key` share what is kept; without one, a process has its own."""

    key: SecretStr = field(default_factory=_own_key)
    max_bytes: int

    def digest(self, persona_id: UUID, utterance: Utterance) -> bytes:
        """Return what finds the audio, and lets nobody without the key check a guess."""
        return hmac.digest(self._secret("digest"), f"{persona_id}{utterance!r}".encode(), sha256)

    async def get(self, session: Session, digest: bytes) -> bytes | None:
        """Return the audio, if it is kept; a workspace's transaction sees its own alone."""
        kept = AudioRow.stored_at > func.now() - KEPT
        row = await session.scalar(select(AudioRow).where(AudioRow.digest == digest, kept))
        if row is None:
            return None
        nonce, sealed = row.sealed[:_NONCE_BYTES], row.sealed[_NONCE_BYTES:]
        try:
            return AESGCM(self._secret("seal")).decrypt(nonce, sealed, digest)
        except InvalidTag:
            return None

    async def put(
        self, session: Session, workspace_id: str, persona_id: UUID, digest: bytes, audio: bytes
    ) -> None:
        """Keep the audio."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + AESGCM(self._secret("seal")).encrypt(nonce, audio, digest)
        values = {
            "persona_id": persona_id,
            "sealed": sealed,
            "size_bytes": len(sealed),
            "stored_at": await database_now(session),
        }
        statement = insert(AudioRow).values(workspace_id=workspace_id, digest=digest, **values)
        key = [AudioRow.workspace_id, AudioRow.digest]
        await session.execute(statement.on_conflict_do_update(index_elements=key, set_=values))

    async def prune(self, session: Session) -> None:
        """Delete, in a worker's transaction, what is too old, and the oldest above the bound."""
        newest_first = func.sum(AudioRow.size_bytes).over(order_by=AudioRow.stored_at.desc())
        sizes = select(
            AudioRow.workspace_id,
            AudioRow.digest,
            AudioRow.stored_at,
            newest_first.label("bytes_to_here"),
        ).subquery()
        goes = (sizes.c.stored_at <= func.now() - KEPT) | (sizes.c.bytes_to_here > self.max_bytes)
        await session.execute(
            delete(AudioRow).where(
                AudioRow.workspace_id == sizes.c.workspace_id,
                AudioRow.digest == sizes.c.digest,
                goes,
            )
        )

    def _secret(self, use: str) -> bytes:
        return hmac.digest(self.key.get_secret_value().encode(), use.encode(), sha256)


async def purge(session: Session, persona_id: UUID) -> None:
    """Delete what is kept of a persona, in its workspace's transaction."""
    await session.execute(delete(AudioRow).where(AudioRow.persona_id == persona_id))
