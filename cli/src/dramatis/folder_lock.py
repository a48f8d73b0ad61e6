"""One stack per data folder."""

import fcntl
from pathlib import Path
from typing import IO

from dramatis.errors import CliError


class FolderLock:
    """A lock that ends with this process, however that ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[str] | None = None

    @property
    def is_held(self) -> bool:
        """Whether this process holds it."""
        return self._file is not None

    def acquire(self) -> None:
        """Take the lock, making the folder if need be.

        Raises:
            CliError: another process holds it.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        file = (self._folder / "stack.lock").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise CliError(
                f"Another stack runs in {self._folder}.",
                "Stop it, or choose another folder: --data-dir, or --ephemeral.",
            ) from None
        self._file = file

    def release(self) -> None:
        """Give it back."""
        if self._file is not None:
            self._file.close()
            self._file = None
