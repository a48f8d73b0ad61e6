"""A note about a reply."""

from dataclasses import dataclass, replace
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A reply and its first words; `text` None: not written yet."""

    note_id: UUID
    body: str
    text: str | None = None

    def write(self) -> "Note":
        """Return the note with its text."""
        return replace(self, text=" ".join(self.body.split()[:5]))
