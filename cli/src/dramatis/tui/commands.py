"""Runs commands of `dramatis` beside the terminal interface, or in its place."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WAIT_SECONDS = 120.0
"""For a command that is not given the terminal."""


@dataclass(frozen=True, slots=True)
class Printed:
    """What a command printed, and whether it did what it should."""

    text: str
    is_done: bool


async def run(words: Sequence[str], environment: Mapping[str, str], width: int) -> Printed:
    """Run a command without input, and return what it prints; it is stopped after WAIT_SECONDS."""
    process = await asyncio.create_subprocess_exec(
        *_command(words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **environment, "COLUMNS": str(width), "NO_COLOR": "1"},
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), WAIT_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        return Printed(f"It took longer than {WAIT_SECONDS:g} s and was stopped.", is_done=False)
    return Printed(output.decode(errors="replace"), process.returncode == 0)


def run_here(words: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run a command that has the terminal to itself, until Enter is pressed after its end."""
    with_environment = {**os.environ, **environment}
    try:
        subprocess.run(_command(words), env=with_environment, check=False)  # noqa: S603 — our own command
        input("Enter goes back. ")
    except (KeyboardInterrupt, EOFError):
        return


def _command(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "dramatis", *words]
