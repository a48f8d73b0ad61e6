"""Secrets as files: mounted into a container, they are in no environment."""

import os
from pathlib import Path

SECRETS_DIR = "DRAMATIS_SECRETS_DIR"


def secret(name: str) -> str | None:
    """Return a secret from its file, else from the environment; never from the command line."""
    folder = os.environ.get(SECRETS_DIR)
    if folder and (Path(folder) / name.lower()).is_file():
        return (Path(folder) / name.lower()).read_text().strip()
    return os.environ.get(name)
