"""Timing with the standard library alone, so that the peers' environment can use it, too."""

import json
import sys
from collections.abc import Callable, Sequence
from math import ceil
from statistics import median
from time import perf_counter_ns
from typing import Any

BATCH_CALLS = 1_000


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest of `values` that `percent` of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


def timer_ns() -> float:
    """Return what two readings of the clock with nothing between them take: the median, in ns."""
    gaps: list[int] = []
    for _ in range(100_000):
        start = perf_counter_ns()
        gaps.append(perf_counter_ns() - start)
    return median(gaps)


def time_calls(call: Callable[[Any], object], questions: Sequence[Any]) -> dict[str, float]:
    """Call once per question, in batches and again singly; return nanoseconds per call.

    `batch` is the median over batches of BATCH_CALLS, with the loop around them; `p50` and `p99`
    are of single calls, without the time that reading the clock takes.
    """
    batches: list[float] = []
    for first in range(0, len(questions), BATCH_CALLS):
        batch = questions[first : first + BATCH_CALLS]
        start = perf_counter_ns()
        for question in batch:
            call(question)
        batches.append((perf_counter_ns() - start) / len(batch))
    singles: list[int] = []
    for question in questions:
        start = perf_counter_ns()
        call(question)
        singles.append(perf_counter_ns() - start)
    overhead = timer_ns()
    return {
        "batch": median(batches),
        "p50": percentile(singles, 50) - overhead,
        "p99": percentile(singles, 99) - overhead,
    }


def answer(figures: dict[str, Any]) -> None:
    """Print figures for the process that started this one."""
    json.dump(figures, sys.stdout)
