"""API keys, and KEY_STATE as it is published from their table."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from uuid import UUID

from nats.aio.client import Client
from service_kit.api_keys import document, key_subject, tombstone
from service_kit.identity import Role
from service_kit.notices import Waiting, waiting
from service_kit.publishing import Message, send_batch
from service_kit.store import Session, any_of
from service_kit.topology import KEY_STREAM
from service_kit.wakeups import OUTBOX_CHANNEL, notify
from sqlalchemy import func, insert, select, text, update

from persona_svc.adapters.tables import ApiKeyRow
from persona_svc.domain.api_key import ApiKey, KeyNotFoundError

BATCH = 200
_FIELDS = tuple(item.name for item in fields(ApiKey))
_NOTE_USES = text(
    """
    update api_key set last_used_at = greatest(last_used_at, least(new.at, clock_timestamp()))
    from unnest(cast(:workspace_ids as text[]), cast(:key_ids as uuid[]),
      cast(:times as timestamptz[])) as new(workspace_id, key_id, at)
    where api_key.workspace_id = new.workspace_id and api_key.key_id = new.key_id
    """
)
_ERASE = text(
    """
    update api_key set name = '', shown = '', created_by = '', persona_ids = null, digest = null,
      last_used_at = null, revoked_at = coalesce(revoked_at, now()), revision = revision + 1
    where workspace_id = :workspace_id
    """
)


async def add(session: Session, key: ApiKey) -> None:
    """Store a new key, and wake the relay."""
    await session.execute(insert(ApiKeyRow).values(asdict(key)))
    await notify(session, OUTBOX_CHANNEL)


async def get(session: Session, key_id: UUID) -> ApiKey:
    """Return a living key.

    Raises:
        KeyNotFoundError: this workspace has none with that id.
    """
    return _found(await session.get(ApiKeyRow, key_id), key_id)


async def expiring(session: Session, after: datetime, before: datetime) -> list[Waiting]:
    """Return how many living keys of the workspace expire in between, and the first time."""
    expires_at = ApiKeyRow.expires_at.expression
    is_living = ApiKeyRow.revoked_at.is_(None)
    return await waiting(
        session, is_living, expires_at > after, expires_at <= before, since=expires_at
    )


async def created_by(session: Session, workspace_id: str, key_id: UUID) -> str | None:
    """Return who made a key, also one that is revoked."""
    return await session.scalar(
        select(ApiKeyRow.created_by).where(
            ApiKeyRow.workspace_id == workspace_id, ApiKeyRow.key_id == key_id
        )
    )


async def lock(session: Session, key_id: UUID) -> ApiKey:
    """Return a living key, locked until the transaction ends.

    Raises:
        KeyNotFoundError: this workspace has none with that id.
    """
    return _found(await session.get(ApiKeyRow, key_id, with_for_update=True), key_id)


async def save(session: Session, key: ApiKey) -> None:
    """Store a changed key, and wake the relay."""
    await session.execute(
        update(ApiKeyRow).where(ApiKeyRow.key_id == key.key_id).values(asdict(key))
    )
    await notify(session, OUTBOX_CHANNEL)


async def page(session: Session, workspace_id: str, after: UUID | None, limit: int) -> list[ApiKey]:
    """Return up to `limit` living keys, newest first."""
    query = (
        select(ApiKeyRow)
        .where(ApiKeyRow.workspace_id == workspace_id, ApiKeyRow.revoked_at.is_(None))
        .order_by(ApiKeyRow.key_id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(ApiKeyRow.key_id < after)
    return [_key(row) for row in await session.scalars(query)]


async def count(session: Session, workspace_id: str) -> int:
    """Return how many living keys a workspace has."""
    living = select(func.count()).where(
        ApiKeyRow.workspace_id == workspace_id, ApiKeyRow.revoked_at.is_(None)
    )
    return (await session.execute(living)).scalar_one()


async def note_uses(session: Session, uses: Sequence[tuple[str, UUID, datetime]]) -> None:
    """Store when keys were last used, as (workspace, key, time); no clock leads into the future."""
    workspace_ids, key_ids, times = zip(*sorted(uses), strict=True)
    values = {"workspace_ids": list(workspace_ids), "key_ids": list(key_ids), "times": list(times)}
    await session.execute(_NOTE_USES, values)


async def erase_workspace(session: Session, workspace_id: str) -> None:
    """Leave nothing of a workspace's keys but their tombstones, which every service needs."""
    await session.execute(_ERASE, {"workspace_id": workspace_id})


async def republish_keys(session: Session, stream: str) -> int:
    """Mark every key as unpublished, because `stream` was lost; return how many there are."""
    del stream
    result = await session.execute(
        text(
            "with again as (update api_key set published_revision = 0 returning 1)"
            " select count(*) from again"
        )
    )
    return result.scalar_one()


class KeyDocuments:
    """The keys that KEY_STATE does not tell of yet, as a source of the relay."""

    async def oldest(self, session: Session) -> Mapping[str, float]:
        """Return the age in seconds of the oldest change that is not published."""
        changed_at = func.coalesce(ApiKeyRow.revoked_at, ApiKeyRow.created_at)
        age = func.extract("epoch", func.clock_timestamp() - func.min(changed_at))
        waiting = ApiKeyRow.published_revision < ApiKeyRow.revision
        seconds = await session.scalar(select(age).where(waiting))
        return {} if seconds is None else {KEY_STREAM: float(seconds)}

    async def drain(self, session: Session, connection: Client) -> bool:
        """Publish up to BATCH keys, holding their locks until the broker has them."""
        rows = list(
            await session.scalars(
                select(ApiKeyRow)
                .where(ApiKeyRow.published_revision < ApiKeyRow.revision)
                .order_by(ApiKeyRow.key_id)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            )
        )
        if not rows:
            return False
        await send_batch(connection, [_message(_key(row)) for row in rows])
        await session.execute(
            update(ApiKeyRow)
            .where(any_of(ApiKeyRow.key_id, [row.key_id for row in rows]))
            .values(published_revision=ApiKeyRow.revision)
        )
        return len(rows) == BATCH


def _message(key: ApiKey) -> Message:
    if key.digest is None:
        body = tombstone(key.revision)
    else:
        body = document(
            key.digest,
            role=Role(key.role),
            persona_ids=key.persona_ids,
            expires_at=key.expires_at,
            revision=key.revision,
        )
    subject = key_subject(key.workspace_id, key.key_id)
    return Message(subject=subject, body=body, headers={"content-type": "application/json"})


def _found(row: ApiKeyRow | None, key_id: UUID) -> ApiKey:
    if row is None or row.revoked_at is not None:
        raise KeyNotFoundError(f"no API key {key_id}")
    return _key(row)


def _key(row: ApiKeyRow) -> ApiKey:
    values = {name: getattr(row, name) for name in _FIELDS}
    persona_ids = values.pop("persona_ids")
    return ApiKey(**values, persona_ids=None if persona_ids is None else tuple(persona_ids))
