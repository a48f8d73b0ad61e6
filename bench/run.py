"""Measure Dramatis against hand-written loops and peers; print a table, write `results.json`."""

import argparse
import json
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from measured import Row, as_dict, show
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
)
MAX_REASON_CHARS = 500


def main() -> int:
    """Run the chosen rows; return 1 if one could not run. A missed goal is shown, no failure."""
    arguments = _arguments()
    chosen = [name for name in ROWS if name in (arguments.only or ROWS)]
    rows = [_measure(name, quick=arguments.quick) for name in chosen]
    show(rows)
    if not arguments.quick:
        _keep({name: as_dict(row) for name, row in zip(chosen, rows, strict=True)})
        Console().print(f"Written to {RESULTS}")
    return 1 if any(row.error for row in rows) else 0


def _keep(measured: dict[str, Any]) -> None:
    """Put these rows into the results, beside those of earlier runs."""
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    kept |= measured
    ordered = {name: kept[name] for name in ROWS if name in kept}
    text = json.dumps(ordered, indent=2, ensure_ascii=False)
    RESULTS.write_text(text + "\n")


def _measure(name: str, *, quick: bool) -> Row:
    """Measure in a process of its own, so that no row pays for another's garbage."""
    Console(stderr=True).print(f"measuring {name} …")
    load = os.getloadavg()[0]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            row = pool.submit(measure_here, name, quick=quick).result()
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
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
