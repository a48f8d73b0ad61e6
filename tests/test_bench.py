"""A run of the bench ends with what it missed."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "bench"


@pytest.fixture
def bench(monkeypatch):
    """Return the modules `run` and `measured`, which the bench imports from its own folder."""
    monkeypatch.syspath_prepend(BENCH)
    return import_module("run"), import_module("measured")


def rows(measured, value=2.0, **values):
    figure = measured.Measured("p50", value, "ms", at_most=1)
    return [measured.Row("Reading", [figure], **values)]


def test_a_missed_goal_is_listed_at_the_end_and_fails_a_strict_run(bench):
    run, measured = bench
    missed = rows(measured)
    assert measured.closing(missed) == ["missed: Reading: p50 is 2 ms, goal ≤ 1 ms"]
    assert run.exit_code(missed, strict=False) == 0
    assert run.exit_code(missed, strict=True) == 3


def test_a_run_that_reaches_every_goal_says_so(bench):
    run, measured = bench
    reached = rows(measured, value=0.5)
    assert measured.closing(reached) == ["missed: none"]
    assert run.exit_code(reached, strict=True) == 0


def test_a_row_that_could_not_run_is_an_error(bench):
    run, measured = bench
    assert run.exit_code([measured.Row("Reading", error="no")], strict=False) == 1


@pytest.mark.processes
@pytest.mark.slow
def test_a_row_without_its_data_is_listed_as_skipped_and_is_no_error(tmp_path):
    """Run a copy of the bench, as a plain clone has it: without `../shared`."""
    clone = tmp_path / "clone"
    clone.mkdir()
    (clone / "bench").mkdir()
    for path in [*BENCH.glob("*.py"), *BENCH.glob("rows/*.py")]:
        copy = clone / "bench" / path.relative_to(BENCH)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(path.read_text())
    ended = subprocess.run(
        [sys.executable, clone / "bench/run.py", "--quick", "--only", "retrieval", "--strict"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    last = ended.stdout.splitlines()[-2:]
    assert last[0].startswith("skipped: retrieval: squad.json is not there")
    assert last[1] == "missed: none"
