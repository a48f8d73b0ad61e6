"""The queries of notes: rows become aggregates here and never leave."""

from dataclasses import asdict
from uuid import UUID

from service_kit.leases import Leases
from service_kit.store import Session
from sqlalchemy import func, select

from note_svc.adapters.tables import NoteRow
from note_svc.domain.note import Note


def _note(row: NoteRow) -> Note:
    return Note(note_id=row.note_id, body=row.body, text=row.text)


LEASES = Leases(NoteRow, _note)


async def add_due(session: Session, workspace_id: str, note: Note) -> None:
    """Store a note that is to be written now."""
    session.add(NoteRow(**asdict(note), workspace_id=workspace_id, due_at=func.now()))
    await LEASES.wake_workers(session)


async def save(session: Session, note: Note) -> None:
    """Store the text of a note."""
    (await session.get_one(NoteRow, note.note_id)).text = note.text


async def page(session: Session, after: UUID | None, limit: int) -> list[Note]:
    """Return up to `limit` notes of the session's workspace, oldest first."""
    query = select(NoteRow).where(NoteRow.note_id > (after or UUID(int=0)))
    return [
        _note(row) for row in await session.scalars(query.order_by(NoteRow.note_id).limit(limit))
    ]
