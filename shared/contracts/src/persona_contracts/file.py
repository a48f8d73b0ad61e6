"""Files that the CRM keeps for a persona: `file.uploaded` and `file.deleted`."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field, StringConstraints

from persona_contracts.event import CrmEvent
from persona_contracts.types import Count, ExternalId, Text, UtcTime, format_time, null_is_absent

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$")]


class _FileEvent(CrmEvent):
    file_id: ExternalId

    @property
    def entity_id(self) -> str:
        """The file."""
        return self.file_id


class FileUploadedV1(_FileEvent):
    """A file, or with a later `uploaded_at` a new version of it, is there to be fetched."""

    event_type: ClassVar[str] = "file.uploaded"

    persona_id: UUID
    file_name: ExternalId
    url: Text = Field(min_length=1, max_length=4096)
    """`s3://bucket/key`, `https://…`, or `file://…` inside the inbox of the embedded profile."""
    uploaded_at: UtcTime
    content_type: Text | None = None
    """A hint; the kind of a file is judged by its content."""
    size_bytes: Count | None = None
    sha256: Sha256 | None = None
    tags: Annotated[list[ExternalId], null_is_absent(list, list[ExternalId] | None)] = Field(
        default_factory=list[ExternalId], max_length=50
    )

    @property
    def default_event_id(self) -> str:
        """`file_id@uploaded_at`, the time in UTC."""
        return f"{self.file_id}@{format_time(self.uploaded_at)}"


class FileDeletedV1(_FileEvent):
    """A file, up to its version of `deleted_at`, is to be forgotten."""

    event_type: ClassVar[str] = "file.deleted"

    deleted_at: UtcTime

    @property
    def default_event_id(self) -> str:
        """`file_id@deleted_at`, the time in UTC."""
        return f"{self.file_id}@{format_time(self.deleted_at)}"
