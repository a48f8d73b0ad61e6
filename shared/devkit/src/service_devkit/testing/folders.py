"""Folders for servers, removed when they end: pytest would keep those of three runs."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import psutil
import pytest

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 — the folder made here has a unique name
_PREFIX = "dramatis-test-"
_ROOM_BYTES = 2 << 30


@contextmanager
def folder(factory: pytest.TempPathFactory, name: str) -> Generator[Path]:
    """Give a folder on disk."""
    path = factory.mktemp(name)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def quick_folder(factory: pytest.TempPathFactory, name: str) -> Generator[Path]:
    """Give a folder in memory where there is room, else on disk.

    A new database is a copy of 300 files, each of which a slow disk takes its time to make.
    """
    if not _IN_MEMORY.is_dir() or shutil.disk_usage(_IN_MEMORY).free < _ROOM_BYTES:
        with folder(factory, name) as path:
            yield path
        return
    _sweep()
    path = Path(mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=_IN_MEMORY))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _sweep() -> None:
    """Remove what killed test runs have left, which no restart but the machine's would."""
    for path in _IN_MEMORY.glob(f"{_PREFIX}*"):
        process_id = path.name.removeprefix(_PREFIX).partition("-")[0]
        if not psutil.pid_exists(int(process_id)):
            shutil.rmtree(path, ignore_errors=True)
