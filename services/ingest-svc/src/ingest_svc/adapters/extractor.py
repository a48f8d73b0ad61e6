"""Starts a process per file, and says what became of it."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from structlog import get_logger

from ingest_svc.adapters.languages import Languages
from ingest_svc.domain.failure import FailureCode, FileFailedError
from ingest_svc.domain.passage import Chunk, Extract

EXTRACT_SECONDS = 60.0

log = get_logger(__name__)
_ALLOWED_ENV = {"PATH", "LANG", "LC_ALL", "HOME", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH"}
"""The child reads strangers' files: it gets none of our secrets."""


class Extractor:
    """Makes chunks of files, each in a child process with limits."""

    def __init__(self, timeout_seconds: float = EXTRACT_SECONDS) -> None:
        self._timeout_seconds = timeout_seconds
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
            file_name,
            str(chunks_path),
            stdin=asyncio.subprocess.PIPE,  # its end tells the child that we are gone
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name in _ALLOWED_ENV},
        )
        try:
            async with asyncio.timeout(self._timeout_seconds):
                said = await _all(child)
        except TimeoutError:
            raise FileFailedError(
                FailureCode.TIMEOUT, f"It took more than {self._timeout_seconds:g} seconds."
            ) from None
        finally:
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
        if child.returncode == 0:
            return json.loads(said)
        # Killed for its memory or its crash, or an error that no parser should have.
        log.warning("extraction.ended", returncode=child.returncode)
        killed = child.returncode is not None and child.returncode < 0
        raise FileFailedError(FailureCode.TOO_COMPLEX if killed else FailureCode.CORRUPTED)


async def _all(child: asyncio.subprocess.Process) -> bytes:
    stdout = child.stdout
    said = await stdout.read() if stdout else b""
    await child.wait()
    return said
