"""How results are printed: for people with rich, for programs as JSON lines."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

out = Console(highlight=False, soft_wrap=True)
"""Results."""
err = Console(stderr=True, highlight=False)
"""Progress and errors, so that results can be piped."""


def print_json(value: Mapping[str, Any]) -> None:
    """Print `value` as one line, at once."""
    print(json.dumps(value, ensure_ascii=False, default=str), flush=True)


def print_plain(text: str) -> None:
    """Print `text` as it is, without markup."""
    out.print(printable(text), markup=False)


MAX_LINE = 10_000
"""Where the output is no terminal: a row stays one line, for grep and awk."""


def print_table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print `rows` under `columns`; None is shown as -."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row))
    if not out.is_terminal:
        out.width = MAX_LINE
    out.print(table, soft_wrap=False)


def printable(text: str) -> str:
    """Return `text` without what could steer a terminal: it may come from a stranger's mail."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)


def _cell(value: object) -> str:
    return "-" if value is None else printable(str(value)).replace("[", "\\[")
