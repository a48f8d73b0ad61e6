"""REST: notes."""

from uuid import UUID

from service_kit.identity import Viewer
from service_kit.paging import Page, Paging
from service_kit.routing import WorkspaceSession, api_router

from note_svc.adapters import notes
from note_svc.entrypoints.schemas import NoteDocument

router = api_router("/api/notes", "notes")


@router.get("", operation_id="listNotes", summary="List notes, oldest first")
async def list_notes(_: Viewer, session: WorkspaceSession, paging: Paging) -> Page[NoteDocument]:
    """Return the notes of this workspace."""
    found = await notes.page(session, paging.start_after(UUID), paging.rows)
    return paging.page([NoteDocument.of(note) for note in found], lambda note: note.note_id)
