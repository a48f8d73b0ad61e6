"""The table: notes."""

from uuid import UUID

from service_kit.leases import Leased
from sqlalchemy.orm import Mapped, mapped_column


class NoteRow(Leased):
    """A reply and its note; as work: to be written."""

    __tablename__ = "note"

    note_id: Mapped[UUID] = mapped_column(primary_key=True)
    body: Mapped[str]
    text: Mapped[str | None]
