"""Queue the note of a reply."""

from persona_contracts import LeadRepliedV1
from service_kit.ids import new_id
from service_kit.store import Session

from note_svc.adapters import notes
from note_svc.domain.note import Note


async def accept_reply(session: Session, reply: LeadRepliedV1) -> None:
    """Store a note, to be written by a worker."""
    note = Note(note_id=new_id(), body=reply.body_text or "")
    await notes.add_due(session, reply.workspace_id, note)
