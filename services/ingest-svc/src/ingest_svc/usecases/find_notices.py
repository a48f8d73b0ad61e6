"""Tell which files wait for a person."""

from collections.abc import Sequence

from service_kit.notices import Notice
from service_kit.store import Session

from ingest_svc.adapters import documents


async def find_notices(session: Session) -> Sequence[Notice]:
    """Return which files of the session's workspace have failed, by the code of their error."""
    return [
        Notice(
            kind="files-failed",
            reason=waiting.reason,
            count=waiting.count,
            since=waiting.since,
            message="Files could not become knowledge.",
            setting=waiting.example or "Try them again, or replace them.",
        )
        for waiting in await documents.failed(session)
    ]
