"""Bodies and answers of the API."""

from uuid import UUID

from pydantic import BaseModel

from note_svc.domain.note import Note


class NoteDocument(BaseModel):
    """A note as it is shown."""

    note_id: UUID
    text: str | None

    @classmethod
    def of(cls, note: Note) -> "NoteDocument":
        """Show a note."""
        return cls(note_id=note.note_id, text=note.text)
