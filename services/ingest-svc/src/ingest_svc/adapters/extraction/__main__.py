"""The child: three arguments in, chunks as JSON lines in a file, one JSON object on stdout.

It ends when its standard input does, so that it never outlives the process that started it.
"""

import json
import os
import resource
import sys
import threading
from pathlib import Path

from ingest_svc.adapters.extraction.chunks import write_chunks
from ingest_svc.adapters.extraction.kinds import sniff
from ingest_svc.adapters.extraction.parts import read_parts
from ingest_svc.domain.failure import FailureCode, FileFailedError

MAX_MEMORY_BYTES = 1_500 * 1024 * 1024


def main() -> None:
    """Read the file `argv[1]`, called `argv[2]`, and write its chunks to `argv[3]`."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    original, name, chunks_path = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    try:
        found = _extract(original, name, chunks_path)
    except FileFailedError as error:
        found = {"code": error.code.value, "detail": str(error)}
    except MemoryError:
        found = {"code": FailureCode.TOO_COMPLEX.value, "detail": ""}
    sys.stdout.write(json.dumps(found))
    sys.stdout.flush()
    # Parsers with threads of their own may crash while an interpreter is taken down.
    os._exit(0)


def _extract(original: Path, name: str, chunks_path: Path) -> dict[str, object]:
    kind = sniff(original, name)
    document = read_parts(original, kind)
    count, sample = write_chunks(document.parts, chunks_path)
    if count == 0:
        raise FileFailedError(document.if_blank)
    return {"kind": kind, "pages": document.pages, "chunk_count": count, "sample": sample}


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
