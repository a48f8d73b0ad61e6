"""The child: two arguments and a name in, chunks as JSON lines in a file, JSON lines on stdout.

A line says how many parts are read; the last one what was found, or why nothing was. It ends when
its standard input does, so that it never outlives the process that started it.
"""

import faulthandler
import json
import os
import resource
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ingest_svc.adapters.extraction.chunks import write_chunks
from ingest_svc.adapters.extraction.kinds import PACKED, sniff
from ingest_svc.adapters.extraction.parts import Part
from ingest_svc.adapters.extraction.reading import read_parts
from ingest_svc.domain.failure import FailureCode, FileFailedError

MAX_MEMORY_BYTES = 1_500 * 1024 * 1024
CPU_SECONDS = 2
"""Of processor time for a small file; the kernel ends the process that takes more."""
BYTES_PER_CPU_SECOND = 1024 * 1024
"""A larger file has a second more for each."""
PACKING = 20
"""How many times more is read of a file that is packed."""
PAGES_PER_CPU_SECOND = 10
"""A second more for so many pages that were read."""
ANSWERS = os.dup(sys.stdout.fileno())


def main() -> None:
    """Read the file `argv[1]`, called as stdin says in JSON, write its chunks to `argv[2]`."""
    faulthandler.enable()
    # What parsers print is no answer: it goes where their crashes are told.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _limit_cpu(CPU_SECONDS)
    name = json.loads(sys.stdin.buffer.readline() or b'""')
    threading.Thread(target=_end_with_parent, daemon=True).start()
    original, chunks_path = Path(sys.argv[1]), Path(sys.argv[2])
    try:
        found = _extract(original, name, chunks_path)
    except FileFailedError as error:
        found = {"code": error.code.value, "detail": str(error)}
    except MemoryError:
        found = {"code": FailureCode.TOO_COMPLEX.value, "detail": ""}
    _say(found)
    # Parsers that start threads may crash while an interpreter is taken down.
    os._exit(0)


def _extract(original: Path, name: str, chunks_path: Path) -> dict[str, object]:
    kind = sniff(original, name)
    cpu_seconds = _cpu_seconds(original.stat().st_size, kind)
    _limit_cpu(cpu_seconds)
    document = read_parts(original, kind)
    count, sample = write_chunks(_reported(document.parts, cpu_seconds), chunks_path)
    if count == 0:
        raise FileFailedError(document.if_blank)
    return {
        "kind": kind,
        "pages": document.pages,
        "chunk_count": count,
        "sample": sample,
        "guessed_charset": document.guessed_charset,
    }


def _cpu_seconds(size_bytes: int, kind: str) -> int:
    read_bytes = size_bytes * PACKING if kind in PACKED else size_bytes
    return CPU_SECONDS + read_bytes // BYTES_PER_CPU_SECOND


def _limit_cpu(seconds: int) -> None:
    """Let the kernel end this process when it has taken so much processor time in all."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))


def _reported(parts: Iterable[Part], cpu_seconds: int) -> Iterator[Part]:
    """Tell the parent of each part that is read: it gives up when none comes."""
    for count, part in enumerate(parts, start=1):
        _say({"parts": count})
        if part.page is not None:
            _limit_cpu(cpu_seconds + count // PAGES_PER_CPU_SECOND)
        yield part


def _say(line: Mapping[str, object]) -> None:
    os.write(ANSWERS, json.dumps(line).encode() + b"\n")


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
