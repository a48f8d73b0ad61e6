"""The API keys of every workspace in memory, kept up to date from KEY_STATE.

A key is judged without asking anybody, so persona-svc, which makes keys, may be down.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic, time
from typing import Final, NoReturn
from uuid import UUID

from nats.aio.client import Client
from nats.errors import Error as NatsError
from persona_client import NatsAddress
from persona_client.reader import StateReader
from persona_client.replica import StateMessage
from pydantic import ValidationError
from structlog import get_logger

from service_kit.api_keys import (
    KEY_STATE,
    KEY_USES_SUBJECT,
    MAX_USES,
    KeyUse,
    KeyUses,
    KeyUsesAnswer,
    RevokedKey,
    digest,
    is_well_formed,
    subject_parts,
)
from service_kit.errors import UnauthenticatedError, UpstreamError
from service_kit.identity import Principal
from service_kit.topology import KEY_STREAM

NEW_KEY_SECONDS: Final = 0.5
"""A key that is unknown may have been made just now: so long its document is waited for."""
MAX_STALE_SECONDS: Final = 24 * 3_600
"""Without a word of the broker, keys are good for this long: one may have been revoked."""
SILENT_SECONDS: Final = 30
"""Without a word of the broker for so long, `/readyz` says so."""
REPORT_SECONDS: Final = 10
REPORT_TIMEOUT_SECONDS: Final = 2

log = get_logger(__name__)


class KeyRejectedError(UnauthenticatedError):
    """The API key is not valid."""

    slug = "key-rejected"


class KeysNotReadyError(UpstreamError):
    """The API keys are not known here yet, or no more; try again later."""

    slug = "keys-not-ready"


@dataclass(slots=True, kw_only=True)
class _Known:
    """What is known of a key."""

    principal: Principal
    expires_at: float
    is_revoked: bool = False


class _Keys:
    """The keys as KEY_STATE tells of them; the higher revision of a key wins.

    Nothing vanishes but by its tombstone: a stream that was lost and is refilled revokes no key.
    """

    def __init__(self) -> None:
        self.by_digest: dict[str, _Known] = {}
        self.updated = asyncio.Event()
        """Wakes whoever waits at every change; never stays set."""
        self.confirmed_at: float | None = None
        """Monotonic seconds of when the broker last had nothing more to send."""
        self._revisions: dict[tuple[str, UUID], tuple[int, str | None]] = {}
        self._stream_created = ""
        self._last_seq = 0

    def resume_after(self, stream_created: str, last_seq: int) -> int:
        """Return up to where the stream has been read; 0: it is another one."""
        if self._stream_created != stream_created or self._last_seq > last_seq:
            self._stream_created, self._last_seq = stream_created, 0
        return self._last_seq

    def apply(self, documents: Sequence[StateMessage], last_seq: int) -> None:
        """Take the next messages; the last one stood at `last_seq`."""
        for subject, body, _ in documents:
            try:
                self._take(*subject_parts(subject), body)
            except (ValueError, ValidationError):
                log.warning("key_state.unreadable", subject=subject)
        self._last_seq = last_seq
        self._wake()

    def confirm(self) -> None:
        """Take note that the broker has nothing more to send."""
        self.confirmed_at = monotonic()
        self._wake()

    def _take(self, workspace_id: str, key_id: UUID, body: bytes) -> None:
        told = KEY_STATE.validate_json(body)
        revision, known = self._revisions.get((workspace_id, key_id), (0, None))
        if told.revision < revision:
            return
        if isinstance(told, RevokedKey):
            self._revisions[workspace_id, key_id] = told.revision, known
            if known is not None:
                self.by_digest[known].is_revoked = True
            return
        self._revisions[workspace_id, key_id] = told.revision, told.digest
        principal = Principal(
            workspace_id=workspace_id,
            subject=f"key:{key_id}",
            role=told.role,
            key_id=key_id,
            persona_ids=None if told.persona_ids is None else frozenset(told.persona_ids),
        )
        self.by_digest[told.digest] = _Known(
            principal=principal, expires_at=told.expires_at.timestamp()
        )

    def _wake(self) -> None:
        self.updated.set()
        self.updated.clear()


class KeyRing:
    """Turns an API key into who calls, and tells persona-svc which keys are used."""

    def __init__(self, address: NatsAddress, pepper: bytes, *, name: str) -> None:
        self._pepper = pepper
        self._keys = _Keys()
        self._reader = StateReader(
            address, self._keys, subjects=["key-state.v1.>"], name=f"{name}-keys", stream=KEY_STREAM
        )
        self._uses: dict[tuple[str, UUID], float] = {}
        self._began_at = monotonic()

    async def run(self) -> NoReturn:
        """Follow KEY_STATE until cancelled."""
        await self._reader.run()

    @property
    def is_silent(self) -> bool:
        """Whether the broker has told nothing of the keys for SILENT_SECONDS."""
        heard_at = self._keys.confirmed_at or self._began_at
        return monotonic() - heard_at > SILENT_SECONDS

    async def verify(self, key: str) -> Principal:
        """Return whom `key` stands for; one that is unknown is waited for NEW_KEY_SECONDS.

        Raises:
            KeyRejectedError: it is malformed, unknown, revoked or expired.
            KeysNotReadyError: the keys have not been read yet, or not for MAX_STALE_SECONDS.
        """
        if not is_well_formed(key):
            raise KeyRejectedError("The API key is not whole: its checksum does not hold.")
        keys = self._keys
        if keys.confirmed_at is None or monotonic() - keys.confirmed_at > MAX_STALE_SECONDS:
            raise KeysNotReadyError("The API keys cannot be read from the broker now.")
        fingerprint = digest(key, self._pepper)
        known = keys.by_digest.get(fingerprint) or await self._find(fingerprint)
        if known is None:
            raise KeyRejectedError("There is no such API key.")
        if known.is_revoked:
            raise KeyRejectedError("The API key was revoked.")
        now = time()
        if now >= known.expires_at:
            raise KeyRejectedError("The API key has expired.")
        principal = known.principal
        if principal.key_id is not None:
            self._uses[principal.workspace_id, principal.key_id] = now
        return principal

    async def _find(self, fingerprint: str) -> _Known | None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(NEW_KEY_SECONDS):
                while fingerprint not in self._keys.by_digest:
                    await self._keys.updated.wait()
        return self._keys.by_digest.get(fingerprint)

    async def report_uses(self, connection: Client) -> NoReturn:
        """Tell persona-svc, every REPORT_SECONDS, which keys were used; later what it missed."""
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            try:
                await self.report_once(connection)
            except (NatsError, OSError, TimeoutError, ValidationError) as error:
                log.info("key_uses.not_told", reason=type(error).__name__)

    async def report_once(self, connection: Client) -> None:
        """Tell what is not told yet.

        Raises:
            nats.errors.Error: nobody answers.
        """
        told = dict(list(self._uses.items())[:MAX_USES])
        if not told:
            return
        uses = [
            KeyUse(workspace_id=workspace_id, key_id=key_id, at=datetime.fromtimestamp(at, UTC))
            for (workspace_id, key_id), at in told.items()
        ]
        answer = await connection.request(
            KEY_USES_SUBJECT,
            KeyUses(uses=uses).model_dump_json().encode(),
            timeout=REPORT_TIMEOUT_SECONDS,
        )
        if KeyUsesAnswer.model_validate_json(answer.data).error is None:
            for key, at in told.items():
                if self._uses[key] == at:
                    del self._uses[key]
