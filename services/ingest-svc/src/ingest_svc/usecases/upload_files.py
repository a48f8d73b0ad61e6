"""Take in files that people upload."""

from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from service_kit.ids import new_id
from service_kit.store import Session, Store, database_now

from ingest_svc.domain.document import Version, new_original_key
from ingest_svc.domain.failure import FileFailedError
from ingest_svc.usecases.accept_version import accept_version
from ingest_svc.usecases.ports import Originals


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file as it comes in."""

    workspace_id: str
    persona_id: UUID
    file_name: str
    tags: Sequence[str]
    content: AsyncIterable[bytes]


class UploadFailedError(Exception):
    """One of several uploads cannot be taken in."""

    def __init__(self, number: int, failure: FileFailedError) -> None:
        """Take its number, from 0, and what is wrong with it."""
        super().__init__(number)
        self.number = number
        self.failure = failure


async def upload_files(
    store: Store,
    originals: Originals,
    uploads: Sequence[Upload],
    *,
    also: Callable[[Session], Awaitable[None]],
) -> list[Version]:
    """Store and queue the files of one workspace: all, or none.

    Not in the request's transaction: that would stay open while files are stored. What `also` does
    shares that of the change.

    Raises:
        UploadFailedError: one of them is empty or too large.
    """
    workspace_id = uploads[0].workspace_id
    async with store.workspace(workspace_id) as session:
        uploaded_at = await database_now(session)
    versions: list[Version] = []
    try:
        for upload in uploads:
            document_id = new_id()
            key = new_original_key(workspace_id, document_id)
            stored = await originals.put(key, upload.content)
            versions.append(
                Version(
                    workspace_id=workspace_id,
                    file_id=str(document_id),
                    persona_id=upload.persona_id,
                    file_name=upload.file_name,
                    uploaded_at=uploaded_at,
                    tags=upload.tags,
                    original_key=key,
                    sha256=stored.sha256,
                    size_bytes=stored.size_bytes,
                )
            )
        async with store.workspace(workspace_id) as session:
            for version in versions:
                await accept_version(session, version)
            await also(session)
    except BaseException as error:
        for version in versions:
            await originals.delete(version.original_key or "")
        if isinstance(error, FileFailedError):
            raise UploadFailedError(len(versions), error) from error
        raise
    return versions
