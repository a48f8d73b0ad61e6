"""What needs a person, in every service in one shape: what, since when, how many, and the fix."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from service_kit.store import Session


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


NoticeSource: TypeAlias = Callable[[Session], Awaitable[Sequence[Notice]]]
"""Looks into the database, in a transaction that sees one workspace alone."""
