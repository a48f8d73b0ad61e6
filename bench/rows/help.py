"""Row 18: how long `dramatis --help` takes, beside a command of two lines made with typer alone."""

import subprocess
import sys
from statistics import median
from time import perf_counter

from measured import TIMES, Measured, Row

DRAMATIS = (sys.executable, "-m", "dramatis")
BARE = """
import typer

app = typer.Typer(add_completion=False, no_args_is_help=True)
app.command("a")(lambda: None)
app.command("b")(lambda: None)
app()
"""
HELP_SECONDS = 0.6
AT_LEAST = 0.6
"""Of the speed of typer's own help."""


def measure(*, quick: bool) -> Row:
    """Run each several times, by turns; medians."""
    commands = {
        "python -c pass": (sys.executable, "-c", "pass"),
        "a bare typer app --help": (sys.executable, "-c", BARE, "--help"),
        "dramatis --help": (*DRAMATIS, "--help"),
        "dramatis personas edit --help": (*DRAMATIS, "personas", "edit", "--help"),
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(3 if quick else 15):
        for name, command in commands.items():
            began = perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 — as above
            seconds[name].append(perf_counter() - began)
    took = {name: median(each) for name, each in seconds.items()}
    nothing, bare, ours, deeper = took.values()
    return Row(
        title="The command's help",
        figures=[
            Measured("dramatis --help", ours, "s", at_most=HELP_SECONDS),
            Measured("dramatis personas edit --help", deeper, "s", at_most=HELP_SECONDS),
            Measured("typer's own / dramatis --help", bare / ours, TIMES, at_least=AT_LEAST),
            Measured("python -c pass", nothing, "s"),
        ],
    )
