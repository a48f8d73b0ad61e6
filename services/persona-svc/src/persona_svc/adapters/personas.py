"""Personas and their families."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from service_kit.errors import FieldError
from service_kit.names import name_key
from service_kit.store import Session
from sqlalchemy import Select, func, select, text, tuple_, update
from sqlalchemy.orm import aliased

from persona_svc.adapters.tables import PersonaRow
from persona_svc.domain.compiled import CompiledPersona
from persona_svc.domain.inheritance import Family, ParentNotFoundError
from persona_svc.domain.persona import (
    DeletedPersona,
    DeletedPersonaSummary,
    NameTakenError,
    Persona,
    PersonaFields,
    PersonaNotDeletedError,
    PersonaNotFoundError,
    PersonaSummary,
)

_FAMILY = text(
    """
    with recursive up as (
      select persona_id, parent_id from persona where persona_id = any(:persona_ids)
      union
      select parent.persona_id, parent.parent_id from persona parent
        join up on up.parent_id = parent.persona_id
    ), tree as (
      select persona_id from up
      union
      select child.persona_id from persona child
        join tree on child.parent_id = tree.persona_id where child.deleted_at is null
    )
    select persona_id from tree
    """
)


Order = Literal["created_at", "-created_at", "name", "-name", "updated_at", "-updated_at"]
"""What a list goes by; with a minus the other way round."""
_SORTED_BY: Mapping[str, str] = {"name": "name_key", "updated_at": "updated_at"}
"""Their columns; ids rise with `created_at`."""
_SHOWN_TEXTS = ("name", "persona_name", "display_name", "description", "language")


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaFilter:
    """Which personas a list shows."""

    search: str | None = None
    """Part of the name."""
    only: Collection[UUID] | None = None
    """None: all."""
    tag: str | None = None
    active: bool | None = None
    order: "Order" = "created_at"


async def get(session: Session, workspace_id: str, persona_id: UUID) -> Persona:
    """Return a living persona.

    Raises:
        PersonaNotFoundError: this workspace has none with that id; the text names it.
    """
    row = await _row(session, workspace_id, persona_id)
    if row is None or row.deleted_at is not None:
        raise PersonaNotFoundError(f"no persona {persona_id} in this workspace")
    return _persona(row)


async def get_deleted(session: Session, workspace_id: str, persona_id: UUID) -> DeletedPersona:
    """Return a deleted persona that is not erased.

    Raises:
        PersonaNotFoundError: this workspace has none with that id.
        PersonaNotDeletedError: it lives.
    """
    row = await _row(session, workspace_id, persona_id)
    if row is None:
        raise PersonaNotFoundError(f"no persona {persona_id}, deleted or not")
    if row.deleted_at is None:
        raise PersonaNotDeletedError(f"persona {persona_id} is not deleted")
    return _deleted(row)


async def get_compiled(session: Session, workspace_id: str, persona_id: UUID) -> CompiledPersona:
    """Return a living persona with what it inherits, as it is published.

    Raises:
        PersonaNotFoundError: there is none with that id.
    """
    await get(session, workspace_id, persona_id)
    return (await family(session, workspace_id, [persona_id])).compile(persona_id)


async def require_parent(session: Session, workspace_id: str, parent_id: UUID | None) -> None:
    """Return when there is nothing to inherit from, or it exists.

    Raises:
        ParentNotFoundError: there is no persona with that id.
    """
    if parent_id is None:
        return
    if parent_id not in await find(session, workspace_id, [parent_id]):
        hint = FieldError("parent_id", "must be the persona_id of a persona of this workspace")
        raise ParentNotFoundError(f"no persona {parent_id}", errors=[hint])


async def find(
    session: Session, workspace_id: str, persona_ids: Collection[UUID]
) -> dict[UUID, Persona]:
    """Return those of `persona_ids` that live, by id."""
    rows = await session.scalars(
        select(PersonaRow).where(
            PersonaRow.workspace_id == workspace_id,
            PersonaRow.persona_id.in_(persona_ids),
            PersonaRow.deleted_at.is_(None),
        )
    )
    return {row.persona_id: _persona(row) for row in rows}


async def family(session: Session, workspace_id: str, persona_ids: Collection[UUID]) -> Family:
    """Return the whole trees that `persona_ids` belong to, as far as they live."""
    related = await session.scalars(_FAMILY, {"persona_ids": list(persona_ids)})
    return Family((await find(session, workspace_id, related.all())).values())


async def children(session: Session, workspace_id: str, persona_id: UUID) -> list[Persona]:
    """Return the living personas that inherit directly from this one, by name."""
    rows = await session.scalars(
        select(PersonaRow)
        .where(
            PersonaRow.workspace_id == workspace_id,
            PersonaRow.parent_id == persona_id,
            PersonaRow.deleted_at.is_(None),
        )
        .order_by(PersonaRow.name_key)
    )
    return [_persona(row) for row in rows]


async def page(
    session: Session, workspace_id: str, asked: PersonaFilter, after: UUID | None, limit: int
) -> list[Persona]:
    """Return up to `limit` living personas that are asked for, behind the persona `after`."""
    query = _asked(select(PersonaRow), workspace_id, asked, after).limit(limit)
    return [_persona(row) for row in await session.scalars(query)]


async def page_of_summaries(
    session: Session, workspace_id: str, asked: PersonaFilter, after: UUID | None, limit: int
) -> list[PersonaSummary]:
    """Return the same without what they say."""
    fields = PersonaRow.fields
    shown = select(
        PersonaRow.persona_id,
        *(fields[name].astext.label(name) for name in _SHOWN_TEXTS),
        fields["voice"].label("voice"),
        PersonaRow.parent_id,
        fields["is_active"].as_boolean().label("is_active"),
        func.coalesce(fields["tags"], text("'[]'::jsonb")).label("tags"),
        fields["prompt_gate"].as_boolean().label("prompt_gate"),
        PersonaRow.version,
        PersonaRow.revision,
        PersonaRow.created_by,
        PersonaRow.created_at,
        PersonaRow.updated_at,
    )
    query = _asked(shown, workspace_id, asked, after).limit(limit)
    return [PersonaSummary(**row) for row in (await session.execute(query)).mappings()]


def _asked(
    query: Select[*tuple[Any, ...]], workspace_id: str, asked: PersonaFilter, after: UUID | None
) -> Select[*tuple[Any, ...]]:
    fields = PersonaRow.fields
    query = query.where(PersonaRow.workspace_id == workspace_id, PersonaRow.deleted_at.is_(None))
    if asked.search:
        query = query.where(PersonaRow.name_key.contains(name_key(asked.search), autoescape=True))
    if asked.only is not None:
        query = query.where(PersonaRow.persona_id.in_(asked.only))
    if asked.tag is not None:
        query = query.where(fields["tags"].contains([asked.tag]))
    if asked.active is not None:
        query = query.where(fields["is_active"].as_boolean() == asked.active)
    return _ordered(query, asked.order, after)


def _ordered(
    query: Select[*tuple[Any, ...]], order: Order, after: UUID | None
) -> Select[*tuple[Any, ...]]:
    last = aliased(PersonaRow)
    names = [*filter(None, [_SORTED_BY.get(order.removeprefix("-"))]), "persona_id"]
    columns = [getattr(PersonaRow, name) for name in names]
    place = select(*(getattr(last, name) for name in names)).where(last.persona_id == after)
    is_descending = order.startswith("-")
    if after is not None:
        here, there = tuple_(*columns), place.scalar_subquery()
        query = query.where(here < there if is_descending else here > there)
    return query.order_by(*(column.desc() if is_descending else column for column in columns))


async def page_of_deleted(
    session: Session, workspace_id: str, asked: PersonaFilter, after: UUID | None, limit: int
) -> list[DeletedPersonaSummary]:
    """Return up to `limit` deleted personas that are asked for by id, oldest first."""
    query = (
        select(
            PersonaRow.persona_id,
            PersonaRow.fields["name"].astext.label("name"),
            PersonaRow.version,
            PersonaRow.deleted_at,
            PersonaRow.deleted_by,
            PersonaRow.erase_after,
        )
        .where(PersonaRow.workspace_id == workspace_id, PersonaRow.deleted_at.is_not(None))
        .order_by(PersonaRow.persona_id)
        .limit(limit)
    )
    if asked.only is not None:
        query = query.where(PersonaRow.persona_id.in_(asked.only))
    if after is not None:
        query = query.where(PersonaRow.persona_id > after)
    return [DeletedPersonaSummary(**row) for row in (await session.execute(query)).mappings()]


async def require_free_name(
    session: Session, workspace_id: str, name: str, but: UUID | None = None
) -> None:
    """Return when no other living persona has `name`; the workspace must be locked.

    Raises:
        NameTakenError: the text names the name.
    """
    if not await is_free_name(session, workspace_id, name, but):
        raise NameTakenError(f"there is a persona named {name!r} already: choose another name")


async def is_free_name(
    session: Session, workspace_id: str, name: str, but: UUID | None = None
) -> bool:
    """Return whether no living persona, except `but`, has this name."""
    others = select(PersonaRow.persona_id).where(
        PersonaRow.workspace_id == workspace_id,
        PersonaRow.name_key == name_key(name),
        PersonaRow.deleted_at.is_(None),
    )
    return not (set(await session.scalars(others)) - {but})


async def find_by_name(session: Session, workspace_id: str, name: str) -> Persona | None:
    """Return the living persona with this name, if there is one."""
    row = await session.scalar(
        select(PersonaRow).where(
            PersonaRow.workspace_id == workspace_id,
            PersonaRow.name_key == name_key(name),
            PersonaRow.deleted_at.is_(None),
        )
    )
    return None if row is None else _persona(row)


async def add(session: Session, persona: Persona) -> None:
    """Store a new persona."""
    session.add(
        PersonaRow(
            persona_id=persona.persona_id,
            workspace_id=persona.workspace_id,
            created_by=persona.created_by,
            created_at=persona.created_at,
            **_values(persona),
        )
    )
    await session.flush()


async def save(session: Session, persona: Persona) -> None:
    """Store a changed persona."""
    await session.execute(
        update(PersonaRow)
        .where(
            PersonaRow.workspace_id == persona.workspace_id,
            PersonaRow.persona_id == persona.persona_id,
        )
        .values(**_values(persona))
    )


async def set_revision(session: Session, persona_ids: Collection[UUID], revision: int) -> None:
    """Note the revision at which these personas last changed visibly."""
    await session.execute(
        update(PersonaRow).where(PersonaRow.persona_id.in_(persona_ids)).values(revision=revision)
    )


async def mark_deleted(session: Session, deleted: DeletedPersona) -> None:
    """Take the persona out of the living ones."""
    await session.execute(
        update(PersonaRow)
        .where(PersonaRow.persona_id == deleted.persona.persona_id)
        .values(
            deleted_at=deleted.deleted_at,
            deleted_by=deleted.deleted_by,
            erase_after=deleted.erase_after,
            revision=deleted.persona.revision,
        )
    )


async def undelete(session: Session, persona: Persona) -> None:
    """Let a deleted persona live again, as it is now."""
    await session.execute(
        update(PersonaRow)
        .where(PersonaRow.persona_id == persona.persona_id)
        .values(deleted_at=None, deleted_by=None, erase_after=None, **_values(persona))
    )


async def count(session: Session, workspace_id: str) -> int:
    """Return how many personas live in the workspace."""
    living = select(func.count()).where(
        PersonaRow.workspace_id == workspace_id, PersonaRow.deleted_at.is_(None)
    )
    return (await session.execute(living)).scalar_one()


async def _row(session: Session, workspace_id: str, persona_id: UUID) -> PersonaRow | None:
    return await session.scalar(
        select(PersonaRow).where(
            PersonaRow.workspace_id == workspace_id, PersonaRow.persona_id == persona_id
        )
    )


def _persona(row: PersonaRow) -> Persona:
    return Persona(
        persona_id=row.persona_id,
        workspace_id=row.workspace_id,
        fields=PersonaFields.from_dict(row.fields),
        version=row.version,
        revision=row.revision,
        created_by=row.created_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _deleted(row: PersonaRow) -> DeletedPersona:
    if row.deleted_at is None or row.erase_after is None:
        raise ValueError(f"persona {row.persona_id} is not deleted")
    return DeletedPersona(
        persona=_persona(row),
        deleted_at=row.deleted_at,
        deleted_by=row.deleted_by,
        erase_after=row.erase_after,
    )


def _values(persona: Persona) -> dict[str, Any]:
    return {
        "name_key": name_key(persona.fields.name),
        "parent_id": persona.fields.parent_id,
        "fields": persona.fields.stored(),
        "version": persona.version,
        "revision": persona.revision,
        "updated_at": persona.updated_at,
    }
