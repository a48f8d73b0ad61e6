"""Which personas are deleted, or were and are back."""

from collections.abc import Collection
from uuid import UUID

from service_kit.store import Session, pair_of
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from followup_svc.adapters.tables import PersonaMarkRow

PersonaKey = tuple[str, UUID]
"""A workspace and one of its personas."""


async def mark(session: Session, key: PersonaKey, revision: int, *, deleted: bool) -> bool:
    """Note what an event tells of a persona; False when a newer one was noted before."""
    statement = insert(PersonaMarkRow).values(
        workspace_id=key[0], persona_id=key[1], revision=revision, deleted=deleted
    )
    noted = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=["workspace_id", "persona_id"],
            set_={"revision": statement.excluded.revision, "deleted": statement.excluded.deleted},
            where=PersonaMarkRow.revision < statement.excluded.revision,
        ).returning(PersonaMarkRow.persona_id)
    )
    return noted is not None


async def deleted(session: Session, keys: Collection[PersonaKey]) -> set[PersonaKey]:
    """Return those of `keys` that are deleted."""
    return await _marked(session, keys, deleted=True)


async def back(session: Session, keys: Collection[PersonaKey]) -> set[PersonaKey]:
    """Return those of `keys` that were deleted and are back."""
    return await _marked(session, keys, deleted=False)


async def _marked(
    session: Session, keys: Collection[PersonaKey], *, deleted: bool
) -> set[PersonaKey]:
    if not keys:
        return set()
    rows = await session.execute(
        select(PersonaMarkRow.workspace_id, PersonaMarkRow.persona_id).where(
            pair_of(PersonaMarkRow.workspace_id, PersonaMarkRow.persona_id, keys),
            PersonaMarkRow.deleted.is_(deleted),
        )
    )
    return {(workspace_id, persona_id) for workspace_id, persona_id in rows}
