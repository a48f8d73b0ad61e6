"""Starts a process per file, and says what became of it."""

import asyncio
import contextlib
import json
import os
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from structlog import get_logger

from ingest_svc.adapters.languages import Languages
from ingest_svc.domain.failure import FailureCode, FileFailedError
from ingest_svc.domain.passage import Chunk, Extract

PAGE_SECONDS = 60.0
"""Without a new page or part, and a file is given up (C83)."""
READ_BYTES = 64 * 1024
MAX_TRACE_CHARS = 4_000
"""Of what a child wrote to its standard error, its end is logged."""

log = get_logger(__name__)
_ALLOWED_ENV = {"PATH", "LANG", "LC_ALL", "HOME", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH"}
"""The child reads strangers' files: it gets none of our secrets."""


class Extractor:
    """Makes chunks of files, each in a child process with limits."""

    def __init__(self, page_seconds: float = PAGE_SECONDS) -> None:
        self._page_seconds = page_seconds
        self._languages = Languages()

    async def extract(self, original: Path, file_name: str, chunks_path: Path) -> Extract:
        """Write the chunks of a file to `chunks_path`, for `read_chunks`.

        Raises:
            FileFailedError: why there are none.
        """
        found = await self._run(original, file_name, chunks_path)
        if "code" in found:
            raise FileFailedError(FailureCode(found["code"]), found["detail"])
        return Extract(
            kind=found["kind"],
            pages=found["pages"],
            chunk_count=found["chunk_count"],
            language=await self._languages.of(found["sample"]),
            guessed_charset=found["guessed_charset"],
        )

    def read_chunks(self, chunks_path: Path) -> Iterator[Chunk]:
        """Yield the chunks in order, without holding all of them."""
        with chunks_path.open(encoding="utf-8") as file:
            for line in file:
                yield Chunk(**json.loads(line))

    async def _run(self, original: Path, file_name: str, chunks_path: Path) -> dict[str, Any]:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "ingest_svc.adapters.extraction",
            str(original),
            str(chunks_path),
            stdin=asyncio.subprocess.PIPE,  # its end tells the child that we are gone
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name in _ALLOWED_ENV},
        )
        # Pipes were asked for, so there are streams.
        stdout, stderr = cast("StreamReader", child.stdout), cast("StreamReader", child.stderr)
        # Arguments of processes are for everybody to read: the name comes over the pipe.
        cast("StreamWriter", child.stdin).write(json.dumps(file_name).encode() + b"\n")
        trace = asyncio.create_task(last_of(stderr, MAX_TRACE_CHARS))
        try:
            found = await answer_of(stdout, self._page_seconds)
            await child.wait()
        finally:
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
            printed = await trace
        if child.returncode == 0 and found is not None:
            return found
        # Killed for its memory, its time or its crash, or an error that no parser should have.
        log.warning("extraction.ended", returncode=child.returncode, trace=printed)
        killed = child.returncode is not None and child.returncode < 0
        raise FileFailedError(FailureCode.TOO_COMPLEX if killed else FailureCode.CORRUPTED)


async def answer_of(stdout: StreamReader, page_seconds: float) -> dict[str, Any] | None:
    """Return the child's last line, however long it reads while pages come; None if it has none.

    Raises:
        FileFailedError: no page came for `page_seconds`.
    """
    found: dict[str, Any] | None = None
    try:
        while True:
            async with asyncio.timeout(page_seconds):
                line = await stdout.readline()
            if not line:
                return found
            if line.endswith(b"\n"):
                found = json.loads(line)
    except TimeoutError:
        raise FileFailedError(
            FailureCode.TIMEOUT, f"No new page was read for {page_seconds:g} seconds."
        ) from None


async def last_of(stream: StreamReader, max_chars: int) -> str:
    """Return the end of what a stream carries, once it has ended; no more is ever held."""
    end = b""
    while part := await stream.read(READ_BYTES):
        end = (end + part)[-max_chars:]
    return end.decode(errors="replace")
