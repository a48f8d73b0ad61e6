"""One stack per data folder, which nobody else enters."""

import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from dramatis.errors import CliError

LOCK_FILE = "stack.lock"
EPHEMERAL_FILE = "ephemeral"
"""Marks a folder that is worth nothing once its stack has ended."""
PREFIX = "dramatis-"
YOUNG_SECONDS = 60.0
"""A folder may have been made a moment ago, and be locked in the next."""


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
        """Take the lock, making the folder if need be, and close the folder to others.

        Raises:
            CliError: another process holds it, or the folder is not ours to close.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._folder.chmod(0o700)
        except PermissionError:
            raise CliError(
                f"{self._folder} is another user's.", "Choose another folder: --data-dir."
            ) from None
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
        file = os.fdopen(os.open(self._folder / LOCK_FILE, flags, 0o600), "w")
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


def make_ephemeral_folder() -> Path:
    """Return a new temporary folder, which `remove_abandoned` removes if its stack is killed."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    (folder / EPHEMERAL_FILE).touch(mode=0o600)
    return folder


def remove_abandoned(remove: Callable[[Path], None]) -> None:
    """Call `remove` with each ephemeral folder of ours whose stack was killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            found = folder.lstat()
            is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
            if is_ours and time.time() - found.st_mtime > YOUNG_SECONDS and _is_abandoned(folder):
                remove(folder)


def _is_abandoned(folder: Path) -> bool:
    if not (folder / EPHEMERAL_FILE).exists():
        return False
    with (folder / LOCK_FILE).open("r+") as file:  # there is none: the stack never started
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
