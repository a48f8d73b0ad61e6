"""`scripts/step`, which `make` runs its long steps through."""

import os
import pty
import re
import subprocess
from pathlib import Path

STEP = Path(__file__).resolve().parents[1] / "scripts" / "step"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [STEP, *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


def test_a_step_that_ends_well_is_one_line_with_its_closing_line() -> None:
    done = run("lint", "sh", "-c", "echo much; echo 'all good'")
    assert done.returncode == 0
    assert re.fullmatch(r"ok    lint +\d+s  all good\n", done.stdout)


def test_a_run_of_tests_shows_what_was_skipped_and_its_slowest_tests() -> None:
    lines = [
        "... [100%]",
        "= slowest =",
        "2.10s call     a.py::test_b",
        "SKIPPED [1] a.py:3: no key",
    ]
    done = run("tests", "printf", "%s\n", *lines, "3 passed in 2.20s")
    assert re.fullmatch(
        r"ok    tests +\d+s  3 passed in 2.20s\n"
        r"2.10s call     a.py::test_b\nSKIPPED \[1\] a.py:3: no key\n",
        done.stdout,
    )


def test_a_step_that_fails_shows_its_output_and_keeps_its_code() -> None:
    done = run("lint", "sh", "-c", "echo much >&2; exit 3")
    assert done.returncode == 3
    assert done.stdout.startswith("much\nFAIL  lint")


def test_a_long_step_shows_in_a_terminal_that_it_lives() -> None:
    ours, theirs = pty.openpty()
    command = "echo '.... [ 42%]'; sleep 2.5"
    with subprocess.Popen(
        [STEP, "tests", "sh", "-c", command], stdin=theirs, stdout=theirs, stderr=theirs
    ) as step:
        step.wait()
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert re.search(r"\.\.\.   tests +\d+s  42%", shown)
    assert "ok    tests" in shown
