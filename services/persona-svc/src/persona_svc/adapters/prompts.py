"""Versions of prompts, the pointers to the active ones, and each time that one was moved."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.store import Session
from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert

from persona_svc.adapters.tables import PromptActivationRow, PromptHeadRow, PromptVersionRow
from persona_svc.domain.persona import Persona
from persona_svc.domain.prompt import Layer, PromptError, PromptKey
from persona_svc.domain.prompt_version import (
    RECOVERABLE,
    Origin,
    PromptHead,
    PromptVersion,
    PromptVersionNotFoundError,
    PromptVersionSummary,
    VersionState,
    digest,
)

_SUMMARY = (
    PromptVersionRow.version_id,
    PromptVersionRow.persona_id,
    PromptVersionRow.layer,
    PromptVersionRow.name,
    PromptVersionRow.version,
    PromptVersionRow.author_id,
    PromptVersionRow.commit_message,
    PromptVersionRow.parent_version_id,
    PromptVersionRow.origin,
    PromptVersionRow.state,
    PromptVersionRow.errors,
    PromptVersionRow.created_at,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """A move of a pointer: to which version, by whom and why."""

    version_id: UUID | None
    actor: str
    at: datetime
    why: str
    revision: int


async def heads(session: Session, persona: Persona) -> dict[PromptKey, PromptHead]:
    """Return the pointer of each prompt that the persona has had a version of."""
    rows = await session.execute(
        select(PromptHeadRow, PromptVersionRow.content_sha256)
        .outerjoin(PromptVersionRow, PromptVersionRow.version_id == PromptHeadRow.active_version_id)
        .where(
            PromptHeadRow.workspace_id == persona.workspace_id,
            PromptHeadRow.persona_id == persona.persona_id,
        )
        .order_by(PromptHeadRow.layer, PromptHeadRow.name)
        .execution_options(populate_existing=True)
    )
    found = [_head(row, sha) for row, sha in rows]
    return {head.key: head for head in found}


async def head(session: Session, persona: Persona, key: PromptKey) -> PromptHead:
    """Return the pointer of one prompt; one without versions has revision 0."""
    return (await heads(session, persona)).get(key, PromptHead(key=key))


async def add(session: Session, workspace_id: str, version: PromptVersion) -> None:
    """Store a new version as the latest one of its prompt."""
    key = {"layer": version.key.layer.value, "name": version.key.name}
    owner = {"workspace_id": workspace_id, "persona_id": version.persona_id}
    session.add(
        PromptVersionRow(
            version_id=version.version_id,
            **owner,
            **key,
            version=version.number,
            content=version.content,
            content_sha256=digest(version.content),
            author_id=version.author_id,
            commit_message=version.commit_message,
            parent_version_id=version.parent_version_id,
            origin=version.origin.value,
            state=version.state.value,
            errors=[asdict(error) for error in version.errors],
            created_at=version.created_at,
        )
    )
    await session.flush()
    await session.execute(
        insert(PromptHeadRow)
        .values(**owner, **key, latest=version.number, revision=1)
        .on_conflict_do_update(
            index_elements=["persona_id", "layer", "name"],
            set_={"latest": version.number, "revision": PromptHeadRow.revision + 1},
        )
    )


async def activate(
    session: Session, persona: Persona, before: PromptHead, activation: Activation
) -> None:
    """Move the pointer of a prompt that has versions, and note it."""
    key = {"layer": before.key.layer.value, "name": before.key.name}
    await session.execute(
        update(PromptHeadRow)
        .where(
            PromptHeadRow.persona_id == persona.persona_id,
            PromptHeadRow.layer == key["layer"],
            PromptHeadRow.name == key["name"],
        )
        .values(active_version_id=activation.version_id, revision=PromptHeadRow.revision + 1)
    )
    session.add(
        PromptActivationRow(
            workspace_id=persona.workspace_id,
            persona_id=persona.persona_id,
            **key,
            version_id=activation.version_id,
            previous_version_id=before.active_version_id,
            actor=activation.actor,
            at=activation.at,
            why=activation.why,
            persona_version=persona.version,
            revision=activation.revision,
        )
    )
    await session.flush()


async def get(
    session: Session, workspace_id: str, persona_id: UUID, version_id: UUID
) -> PromptVersion:
    """Return one version with its text.

    Raises:
        PromptVersionNotFoundError: the persona has none with that id.
    """
    row = await session.get(PromptVersionRow, version_id)
    if row is None or (row.workspace_id, row.persona_id) != (workspace_id, persona_id):
        raise PromptVersionNotFoundError(f"persona {persona_id} has no prompt version {version_id}")
    return _version(row)


async def find_text(session: Session, persona: Persona, key: PromptKey, text: str) -> UUID | None:
    """Return the newest version of a prompt that has this text and can be active."""
    found = await session.scalars(
        _of(select(PromptVersionRow.version_id), persona.workspace_id, persona.persona_id, key)
        .where(
            PromptVersionRow.content_sha256 == digest(text),
            PromptVersionRow.state != VersionState.REFUSED.value,
        )
        .order_by(PromptVersionRow.version.desc())
        .limit(1)
    )
    return found.first()


async def page(
    session: Session, persona: Persona, key: PromptKey, before: int | None, limit: int
) -> list[PromptVersionSummary]:
    """Return up to `limit` versions of a prompt without their texts, newest first."""
    query = (
        _of(select(*_SUMMARY), persona.workspace_id, persona.persona_id, key)
        .order_by(PromptVersionRow.version.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(PromptVersionRow.version < before)
    return [_summary(row) for row in (await session.execute(query)).mappings()]


async def summaries(
    session: Session, workspace_id: str, version_ids: Sequence[UUID]
) -> dict[UUID, PromptVersionSummary]:
    """Return these versions without their texts, by id."""
    rows = await session.execute(
        select(*_SUMMARY).where(
            PromptVersionRow.workspace_id == workspace_id,
            PromptVersionRow.version_id.in_(version_ids),
        )
    )
    found = [_summary(row) for row in rows.mappings()]
    return {version.version_id: version for version in found}


async def recoverable(session: Session, persona: Persona, key: PromptKey) -> list[UUID]:
    """Return the last three versions that were active before the present one, newest first."""
    last = (
        select(
            PromptActivationRow.version_id,
            func.max(PromptActivationRow.activation_id),
        )
        .where(
            PromptActivationRow.workspace_id == persona.workspace_id,
            PromptActivationRow.persona_id == persona.persona_id,
            PromptActivationRow.layer == key.layer.value,
            PromptActivationRow.name == key.name,
            PromptActivationRow.version_id.is_not(None),
        )
        .group_by(PromptActivationRow.version_id)
        .order_by(func.max(PromptActivationRow.activation_id).desc())
        .limit(RECOVERABLE + 1)
    )
    rows = (await session.execute(last)).all()
    active = (await head(session, persona, key)).active_version_id
    found = [version_id for version_id, _ in rows if version_id and version_id != active]
    return found[:RECOVERABLE]


async def was_active(session: Session, persona: Persona, version_id: UUID) -> bool:
    """Return whether the version was ever active."""
    found = await session.scalars(
        select(PromptActivationRow.activation_id)
        .where(
            PromptActivationRow.workspace_id == persona.workspace_id,
            PromptActivationRow.persona_id == persona.persona_id,
            PromptActivationRow.version_id == version_id,
        )
        .limit(1)
    )
    return found.first() is not None


async def is_used(session: Session, workspace_id: str, text: str) -> bool:
    """Return whether a prompt of the workspace has this text now."""
    found = await session.scalars(
        select(PromptHeadRow.persona_id)
        .join(PromptVersionRow, PromptVersionRow.version_id == PromptHeadRow.active_version_id)
        .where(
            PromptHeadRow.workspace_id == workspace_id,
            PromptVersionRow.content_sha256 == digest(text),
        )
        .limit(1)
    )
    return found.first() is not None


def _of(
    query: Select[*tuple[Any, ...]], workspace_id: str, persona_id: UUID, key: PromptKey
) -> Select[*tuple[Any, ...]]:
    return query.where(
        PromptVersionRow.workspace_id == workspace_id,
        PromptVersionRow.persona_id == persona_id,
        PromptVersionRow.layer == key.layer.value,
        PromptVersionRow.name == key.name,
    )


def _head(row: PromptHeadRow, sha256: str | None) -> PromptHead:
    return PromptHead(
        key=PromptKey(Layer(row.layer), row.name),
        latest=row.latest,
        active_version_id=row.active_version_id,
        active_sha256=sha256,
        revision=row.revision,
    )


def _values(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        "version_id": row["version_id"],
        "persona_id": row["persona_id"],
        "key": PromptKey(Layer(row["layer"]), row["name"]),
        "number": row["version"],
        "author_id": row["author_id"],
        "commit_message": row["commit_message"],
        "parent_version_id": row["parent_version_id"],
        "origin": Origin(row["origin"]),
        "state": VersionState(row["state"]),
        "errors": tuple(PromptError(**error) for error in row["errors"]),
        "created_at": row["created_at"],
    }


def _summary(row: Mapping[Any, Any]) -> PromptVersionSummary:
    return PromptVersionSummary(**_values(row))


def _version(row: PromptVersionRow) -> PromptVersion:
    columns = {column.key: getattr(row, column.key) for column in _SUMMARY}
    return PromptVersion(**_values(columns), content=row.content)
