"""API keys: what machines send instead of a token, and what every service knows of them.

A key is `dramatis_`, 256 random bits and a checksum, so that scanners recognise one and a typing
error is found without asking anybody. Stored and sent is only its HMAC with the pepper.
"""

import hmac
import re
from datetime import datetime
from secrets import randbits
from typing import Literal
from uuid import UUID
from zlib import crc32

from persona_contracts import SubjectId
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from service_kit.identity import Role

PREFIX = "dramatis_"
SHOWN_CHARS = len(PREFIX) + 4
"""So much of a key is kept and shown, to tell it from others: 24 of its 256 bits."""
SECRET_BITS = 256
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_CHARS, _CHECKSUM_CHARS = 43, 6
_SHAPE = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_SECRET_CHARS + _CHECKSUM_CHARS}}}")
_ANYWHERE = re.compile(rf"{PREFIX}[0-9A-Za-z]{{10,}}")
HIDDEN = f"{PREFIX}***"

KEY_USES_SUBJECT = "rpc.key.uses.v1"
"""Where services tell persona-svc which keys were used: `KeyUses` → `KeyUsesAnswer`."""
MAX_USES = 1_000


class KeyDocument(BaseModel):
    """A living key, as KEY_STATE tells of it; the subject names workspace and key."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    role: Role
    persona_ids: tuple[UUID, ...] | None
    """To which personas it is limited; None: to none of them, it is for the whole workspace."""
    expires_at: AwareDatetime
    revision: int


class RevokedKey(BaseModel):
    """What is left of a key."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    deleted: Literal[True]
    revision: int


KEY_STATE: TypeAdapter[KeyDocument | RevokedKey] = TypeAdapter(KeyDocument | RevokedKey)
"""Reads a message of KEY_STATE."""


class KeyUse(BaseModel):
    """When a key was last used, as one process saw it."""

    workspace_id: SubjectId
    key_id: UUID
    at: AwareDatetime


class KeyUses(BaseModel):
    """The keys that were used since the last time."""

    uses: list[KeyUse] = Field(max_length=MAX_USES)


class KeyUsesAnswer(BaseModel):
    """Empty: they are stored."""

    error: str | None = None


def new_key() -> str:
    """Return a new key."""
    secret = _base62(randbits(SECRET_BITS), _SECRET_CHARS)
    return f"{PREFIX}{secret}{_checksum(secret)}"


def looks_like_key(credential: str) -> bool:
    """Return whether `credential` means to be a key, right or wrong."""
    return credential.startswith(PREFIX)


def is_well_formed(key: str) -> bool:
    """Return whether `key` has the shape of a key, and its checksum holds."""
    if _SHAPE.fullmatch(key) is None:
        return False
    secret, checksum = key[len(PREFIX) : -_CHECKSUM_CHARS], key[-_CHECKSUM_CHARS:]
    return _checksum(secret) == checksum


def digest(key: str, pepper: bytes) -> str:
    """Return what is stored of `key`; who knows it and not the pepper cannot try keys."""
    return hmac.digest(pepper, key.encode(), "sha256").hex()


def shown(key: str) -> str:
    """Return the beginning of `key`, by which people tell it from others."""
    return key[:SHOWN_CHARS]


def without_keys(text: str) -> str:
    """Return `text` with every key in it blanked."""
    return _ANYWHERE.sub(HIDDEN, text) if PREFIX in text else text


def key_subject(workspace_id: str, key_id: UUID) -> str:
    """Return where KEY_STATE holds what is known of a key."""
    return f"key-state.v1.{workspace_id}.{key_id}"


def subject_parts(subject: str) -> tuple[str, UUID]:
    """Return workspace and key of a subject of KEY_STATE.

    Raises:
        ValueError: it is none.
    """
    _, _, workspace_id, key_id = subject.split(".")
    return workspace_id, UUID(key_id)


def document(
    digest: str,
    *,
    role: Role,
    persona_ids: tuple[UUID, ...] | None,
    expires_at: datetime,
    revision: int,
) -> bytes:
    """Return the message of a living key."""
    known = KeyDocument(
        digest=digest,
        role=role,
        persona_ids=persona_ids,
        expires_at=expires_at,
        revision=revision,
    )
    return known.model_dump_json().encode()


def tombstone(revision: int) -> bytes:
    """Return the message of a key that is no more."""
    return RevokedKey(deleted=True, revision=revision).model_dump_json().encode()


def _checksum(secret: str) -> str:
    return _base62(crc32(secret.encode()), _CHECKSUM_CHARS)


def _base62(number: int, width: int) -> str:
    digits = list[str]()
    for _ in range(width):
        number, rest = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[rest])
    return "".join(reversed(digits))
