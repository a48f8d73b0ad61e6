"""What needs a person, in every service in one shape: what, since when, how many, and the fix."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, func, literal, null, select

from service_kit.store import Session

MAX_REASONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Some things of one kind that wait for a person."""

    kind: str
    """Such as `drafts-waiting`: data, never renamed."""
    message: str
    """What it is, in a sentence for people."""
    setting: str
    """What ends it: a setting, a field or an action."""
    count: int = 1
    since: datetime | None = None
    """Since when the first of them waits; None: nobody knows."""
    reason: str | None = None
    """Which of a kind, such as the code that follow-ups are paused for."""
    see: str | None = None
    """The path of the API that lists them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many rows wait for the same reason."""

    count: int
    since: datetime | None
    reason: str
    example: str | None
    """What one of them says."""


async def waiting(
    session: Session,
    *conditions: ColumnElement[bool],
    since: ColumnElement[Any],
    reason: ColumnElement[Any] | None = None,
    example: ColumnElement[Any] | None = None,
) -> list[Waiting]:
    """Return how many rows of the session's workspace meet `conditions`, by `reason` if given.

    The most frequent MAX_REASONS come first; of none that wait nothing is returned.
    """
    by = literal("") if reason is None else func.coalesce(reason, "")
    count = func.count()
    rows = await session.execute(
        select(by, count, func.min(since), func.min(null() if example is None else example))
        .where(*conditions)
        .group_by(by)
        .order_by(count.desc())
        .limit(MAX_REASONS)
    )
    return [
        Waiting(reason=why, count=number, since=first, example=says)
        for why, number, first, says in rows
    ]


NoticeSource: TypeAlias = Callable[[Session], Awaitable[Sequence[Notice]]]
"""Looks into the database, in a transaction that sees one workspace alone."""
