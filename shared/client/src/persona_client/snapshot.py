"""The disk copy of a Roster's documents, to start from while the broker is away.

Gzip JSON lines: a header, then one line per state document, tombstones included.
"""

import gzip
import logging
import os
import zlib
from collections.abc import Collection, Generator
from itertools import islice
from pathlib import Path
from time import time
from typing import IO, Final

from persona_contracts import Document

from persona_client.contents import Contents

_COMPRESS_LEVEL: Final = 1
_LINES_PER_SLICE: Final = 100

log = logging.getLogger(__name__)


class _Header(Document):
    stream_created: str
    last_seq: int
    workspaces: list[str] | None
    """What the Roster was limited to; null: to nothing."""
    confirmed_at: float
    """Unix time at which the documents were known to be complete."""
    complete: dict[str, int] | None = None
    """By workspace: up to this revision nothing is missing; null in files of 0.2.0 and before."""


def load(path: Path, only: Collection[str] | None) -> tuple[Contents, float] | None:
    """Return the documents of the snapshot at `path` and their age in seconds.

    None if there is none, and, with a warning, if it is unreadable or does not cover the
    workspaces `only` (None: all of them).
    """
    try:
        with gzip.GzipFile(path) as file:
            return _read(file, only)
    except FileNotFoundError:
        return None
    except (OSError, EOFError, zlib.error, ValueError) as error:
        log.warning("roster snapshot %s is ignored: %s", path, type(error).__name__)
        return None


def _read(file: gzip.GzipFile, only: Collection[str] | None) -> tuple[Contents, float] | None:
    header = _Header.model_validate_json(file.readline())
    if header.workspaces is not None and (only is None or not set(only) <= {*header.workspaces}):
        log.warning("roster snapshot is ignored: it covers other workspaces")
        return None
    contents = Contents(header.stream_created, header.last_seq, only)
    for line in file:
        subject, body = _take_apart(line)
        contents.apply(subject, body, None if header.complete is None else 0)
    contents.restore_complete(header.complete or {})
    return contents, max(0.0, time() - header.confirmed_at)


def save(
    path: Path, contents: Contents, *, only: Collection[str] | None, age_seconds: float
) -> Generator[None, None, None]:
    """Write `contents`, complete `age_seconds` ago, to `path` (mode 0600) in one step.

    A generator, so that an event loop can have its turn after every few documents (about 2 ms).
    Documents that arrive meanwhile may be in or not: the header holds the position from before
    them, and reading on from there brings them again.

    Raises:
        OSError: the disk is full or `path` cannot be written.
    """
    header = _Header(
        stream_created=contents.stream_created,
        last_seq=contents.last_seq,
        workspaces=None if only is None else sorted(only),
        confirmed_at=time() - age_seconds,
        complete=contents.complete_revisions(),
    )
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with (
            _open_private(temporary) as raw,
            gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=_COMPRESS_LEVEL) as file,
        ):
            file.write(header.model_dump_json().encode() + b"\n")
            lines = (_line(subject, stored.body) for subject, stored in contents.stored())
            while part := b"".join(islice(lines, _LINES_PER_SLICE)):
                file.write(part)
                yield
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _open_private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _line(subject: str, body: bytes) -> bytes:
    # A line break in JSON is white space: inside texts it is escaped.
    return b'{"subject":"%s","document":%s}\n' % (subject.encode(), body.replace(b"\n", b" "))


def _take_apart(line: bytes) -> tuple[str, bytes]:
    subject, _, document = line.partition(b'","document":')
    return subject.removeprefix(b'{"subject":"').decode(), document.removesuffix(b"}\n")
