"""Writes of a transaction that several results share: one statement for all of a kind."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from service_kit.store import Session

T = TypeVar("T")
SaveAll = Callable[[Session, Sequence[Any]], Awaitable[None]]
_HELD = "held_writes"


async def write(
    session: Session, save_all: Callable[[Session, Sequence[T]], Awaitable[None]], *items: T
) -> None:
    """Save `items`: now, or between `hold` and `release` together with others of the same kind.

    Kinds are written in the order in which each first came.
    """
    held: dict[SaveAll, list[Any]] | None = session.info.get(_HELD)
    if held is None:
        await save_all(session, items)
    else:
        held.setdefault(save_all, []).extend(items)


def hold(session: Session) -> None:
    """Let `write` collect, in this transaction, until `release`."""
    session.info[_HELD] = dict[SaveAll, list[Any]]()


async def release(session: Session) -> None:
    """Write what was held, after every other change of the session."""
    held: dict[SaveAll, list[Any]] = session.info.pop(_HELD)
    await session.flush()
    for save_all, items in held.items():
        await save_all(session, items)
