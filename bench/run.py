"""Measure Dramatis against hand-written loops and peers; print a table, write `results.json`."""

import argparse
import json
import multiprocessing
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from measured import DataMissingError, Row, as_dict, closing, show
from rich.console import Console

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.json"
ROWS = (
    "resolve",
    "propagate",
    "hydrate",
    "pipeline",
    "read",
    "start",
    "ingest",
    "search",
    "retrieval",
    "followup",
    "claims",
    "reply",
    "cleaning",
    "function_call",
    "flood",
    "speech",
    "reconcile",
    "rate_limit",
    "help",
    "tui",
    "chat",
)
MAX_REASON_CHARS = 500
MISSED = 3
"""The exit code of a strict run with a missed goal."""


def main() -> int:
    """Run the chosen rows; return 1 if one could not run, 3 if a goal is missed and `--strict`."""
    arguments = _arguments()
    chosen = [name for name in ROWS if name in (arguments.only or ROWS)]
    rows = [_measure(name, quick=arguments.quick) for name in chosen]
    show(rows)
    if not arguments.quick:
        pairs = zip(chosen, rows, strict=True)
        _keep({name: as_dict(row) for name, row in pairs if not row.skipped})
        Console().print(f"Written to {RESULTS}")
    for line in closing(rows):
        Console().print(line, markup=False, highlight=False, soft_wrap=True)
    return exit_code(rows, strict=arguments.strict)


def exit_code(rows: Sequence[Row], *, strict: bool) -> int:
    """Return 1 when a row could not run, 3 when it is `strict` and a goal is missed, else 0."""
    if any(row.error for row in rows):
        return 1
    return MISSED if strict and any(row.missed for row in rows) else 0


def _keep(measured: dict[str, Any]) -> None:
    """Put these rows into the results, beside those of earlier runs."""
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    kept |= measured
    ordered = {name: kept[name] for name in ROWS if name in kept}
    text = json.dumps(ordered, indent=2, ensure_ascii=False)
    RESULTS.write_text(text + "\n")


def _measure(name: str, *, quick: bool) -> Row:
    """Measure in its own process, so that no row pays for another's garbage."""
    Console(stderr=True).print(f"measuring {name} …")
    load = os.getloadavg()[0]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            row = pool.submit(measure_here, name, quick=quick).result()
        except DataMissingError as missing:
            row = Row(title=name, skipped=str(missing))
        except Exception as error:  # noqa: BLE001 — whatever it is, the other rows still run
            reason = f"{type(error).__name__}: {error}"
            row = Row(title=name, error=" ".join(reason.split())[:MAX_REASON_CHARS])
    return replace(row, load=load)


def measure_here(name: str, *, quick: bool) -> Row:
    """Measure one row in this process."""
    return import_module(f"rows.{name}").measure(quick=quick)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=ROWS, help="measure this row only")
    parser.add_argument(
        "--quick", action="store_true", help="fewer repetitions; results.json is not written"
    )
    parser.add_argument("--strict", action="store_true", help="exit with 3 when a goal is missed")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
