"""What can be done with a row: a command of `dramatis`, a request, or another list."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dramatis.wire_names import Role

Row = dict[str, Any]
ROLES: tuple[Role, ...] = ("viewer", "editor", "admin")
"""Each includes those before it."""
ANSWER = "answer"
"""What stands in `{…}` for what was typed when an action asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One key of a list."""

    key: str
    label: str
    words: tuple[str, ...] = ()
    """Of a command of `dramatis`; `{field}` is the row's. What strangers chose stands after `=` or
    `--`: it is no option."""
    request: tuple[str, str] | None = None
    """Or the method and the path of a request; what a GET answers is shown."""
    body: tuple[tuple[str, str], ...] = ()
    view: str | None = None
    """Or another list, of the row's persona or lead."""
    asks: str | None = None
    """What has to be typed first."""
    is_risky: bool = False
    """Whether `y` has to be typed first."""
    in_terminal: bool = False
    """Whether the command is given the terminal: it opens an editor, asks, or goes on."""
    needs_row: bool = True
    least: Role = "viewer"
    """The least role that may."""


def may(role: str, action: Action) -> bool:
    """Return whether the role may do it; the services decide, this is what is offered."""
    ranks = {name: rank for rank, name in enumerate(ROLES)}
    return ranks.get(role, 0) >= ranks[action.least]


def filled(template: str, fields: Mapping[str, Any]) -> str:
    """Return `template` with the row's fields."""
    return template.format_map(fields)
