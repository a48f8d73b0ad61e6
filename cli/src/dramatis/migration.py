"""Runs the migrations of a service in a process of its own."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from service_kit.embedded.process import Command, start_child

from dramatis.errors import CliError

TIMEOUT_SECONDS = 120
LOG_TAIL_CHARS = 2_000


def migrate(package: str, env: Mapping[str, str], log_path: Path) -> None:
    """Bring the database of `package` to its newest schema.

    Raises:
        CliError: the process failed; the text has the end of its log.
        subprocess.TimeoutExpired: it took more than TIMEOUT_SECONDS.
    """
    command = Command(
        arguments=[sys.executable, "-m", package, "migrate"], env={**os.environ, **env}
    )
    if start_child(command, log_path).wait(TIMEOUT_SECONDS) != 0:
        log = log_path.read_text(errors="replace")[-LOG_TAIL_CHARS:]
        raise CliError(f"The migrations of {package} failed. {log_path} ends with:\n{log}")
