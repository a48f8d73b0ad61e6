"""What a row of the benchmark reports, and how it is shown."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from service_kit.clock import utc_now

TIMES = "\N{MULTIPLICATION SIGN}"


class DataMissingError(Exception):
    """A row has no data to measure with: a plain clone has no `../shared`."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure; ratios have the unit TIMES, and one above 1 says that Dramatis is faster."""

    what: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def goal(self) -> str:
        """The goal as text; empty when there is none."""
        if self.at_most is not None:
            return f"≤ {self.at_most:,g} {self.unit}"
        return "" if self.at_least is None else f"≥ {self.at_least:,g} {self.unit}"

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None when there is none."""
        if self.at_most is not None:
            return self.value <= self.at_most
        return None if self.at_least is None else self.value >= self.at_least

    @property
    def amount(self) -> str:
        """The figure as text."""
        return f"{_number(self.value)} {self.unit}"


@dataclass(slots=True)
class Row:
    """What one row measured, or why it could not."""

    title: str
    figures: list[Measured] = field(default_factory=list[Measured])
    setup: str = ""
    load: float = 0.0
    """How many processes wanted a processor before it began (1 minute's average)."""
    error: str | None = None
    skipped: str | None = None
    """Which data it lacks."""

    @property
    def missed(self) -> list[str]:
        """The goals that it missed, one line each."""
        return [
            f"{self.title}: {each.what} is {each.amount}, goal {each.goal}"
            for each in self.figures
            if each.reached is False
        ]


def show(rows: Sequence[Row]) -> None:
    """Print all rows as one table."""
    table = Table(title="Dramatis, measured", title_justify="left")
    for name in ("what", "measured", "goal", ""):
        table.add_column(name, justify="right" if name == "measured" else "left")
    for row in rows:
        table.add_section()
        table.add_row(f"[bold]{row.title}[/bold]", "", f"load {row.load:.1f} before")
        if row.error:
            table.add_row(f"[red]could not run: {row.error}[/red]")
        if row.skipped:
            table.add_row(f"skipped: {row.skipped}")
        for each in row.figures:
            mark = {None: "", True: "[green]yes[/green]", False: "[red]no[/red]"}[each.reached]
            table.add_row(f"  {each.what}", each.amount, each.goal, mark)
    Console().print(table)


def closing(rows: Sequence[Row]) -> list[str]:
    """Return what the run ends with: the rows that were skipped, and the goals that were missed."""
    lines = [f"skipped: {row.title}: {row.skipped}" for row in rows if row.skipped]
    missed = [line for row in rows for line in row.missed]
    return [*lines, *(f"missed: {line}" for line in missed or ["none"])]


def as_dict(row: Row) -> dict[str, Any]:
    """Return a row with when and on what it was measured."""
    figures = [
        {key: value for key, value in asdict(each).items() if value is not None}
        | ({} if each.reached is None else {"reached": each.reached})
        for each in row.figures
    ]
    return {
        "title": row.title,
        "date": utc_now().isoformat(timespec="seconds"),
        "machine": {
            "cpu": _cpu_model(),
            "cores": os.cpu_count(),
            "system": platform.system(),
            "python": platform.python_version(),
        },
        "setup": row.setup,
        "load": row.load,
        "error": row.error,
        "figures": figures,
    }


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


def _cpu_model() -> str:
    """Return the processor's name, which Linux knows better than `platform`."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
