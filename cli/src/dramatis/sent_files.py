"""Sends files to ingest-svc and watches what becomes of them."""

import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from dramatis.errors import CliError
from dramatis.rest import Rest

POLL_SECONDS = 0.2
UPLOAD_SECONDS = 300.0


def send_file(ingest: Rest, persona_id: str, path: Path, tags: Sequence[str]) -> dict[str, Any]:
    """Upload one file; returns its `id` and `file_name`.

    Raises:
        CliError: the file cannot be read, or ingest-svc refused it or does not answer.
    """
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(path.open("rb"))
        except OSError as error:
            raise CliError(f"{path} cannot be read: {error.strerror}.") from error
        uploaded = ingest.send(
            "POST",
            f"/api/personas/{persona_id}/files",
            files={"files": (path.name, opened)},
            data={"tags": list(tags)} if tags else {},
            timeout=UPLOAD_SECONDS,
        )
    return uploaded.json()["files"][0]


def watch_files(
    ingest: Rest, persona_id: str, file_ids: Iterable[str], timeout_seconds: float
) -> Generator[dict[str, Any]]:
    """Yield each file whenever its status, step or vectors change, until all are settled.

    Settled is `failed`, or `ready` with its vectors complete, failed or off.

    Raises:
        TimeoutError: some are not settled in time; the text names them.
        CliError: ingest-svc does not answer.
    """
    waiting: dict[str, tuple[Any, ...]] = dict.fromkeys(file_ids, ())
    deadline = time.monotonic() + timeout_seconds
    while waiting:
        for file_id, known in list(waiting.items()):
            file = ingest.get(f"/api/personas/{persona_id}/files/{file_id}")
            seen = (file["status"], file["step"], file["vectors"])
            if seen != known:
                waiting[file_id] = seen
                yield file
            if is_settled(file):
                del waiting[file_id]
        if waiting and time.monotonic() > deadline:
            raise TimeoutError(f"not settled in {timeout_seconds:g} s: {', '.join(waiting)}")
        time.sleep(POLL_SECONDS if waiting else 0)


def passages(count: int) -> str:
    """Return a number of passages in words."""
    return "1 passage" if count == 1 else f"{count:,} passages"


def is_settled(file: dict[str, Any]) -> bool:
    """Return whether nothing more is going to happen to a file by itself."""
    return file["status"] == "failed" or (
        file["status"] == "ready" and file["vectors"] in {"complete", "failed", "off"}
    )
