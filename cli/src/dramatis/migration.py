"""`python -m dramatis.migration`: brings the databases of the services to their schemas.

A separate process that imports no service: quicker than `python -m <package> migrate` for each,
and what it logs does not mix with a command's output. `DRAMATIS_OWNER_URLS` holds the addresses for
their owners, as JSON by package.
"""

import json
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from service_devkit.embedded.process import Command, start_child
from service_kit.migrations import upgrade

from dramatis.errors import CliError

TIMEOUT_SECONDS = 120
LOG_TAIL_CHARS = 2_000
OWNER_URLS = "DRAMATIS_OWNER_URLS"


def migrate(owner_urls: Mapping[str, str], log_path: Path) -> None:
    """Bring the database of each package to its newest schema.

    Raises:
        CliError: it failed; the text has the end of the log.
        subprocess.TimeoutExpired: it took more than TIMEOUT_SECONDS.
    """
    command = Command(
        arguments=[sys.executable, "-m", __name__],
        env={**os.environ, OWNER_URLS: json.dumps(dict(owner_urls))},
    )
    if start_child(command, log_path).wait(TIMEOUT_SECONDS) != 0:
        log = log_path.read_text(errors="replace")[-LOG_TAIL_CHARS:]
        raise CliError(f"The migrations failed. {log_path} ends with:\n{log}")


if __name__ == "__main__":
    for package, owner_url in json.loads(os.environ[OWNER_URLS]).items():
        upgrade(import_module(package), owner_url)
