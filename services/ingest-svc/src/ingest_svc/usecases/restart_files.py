"""Take up again the files that came while their persona was deleted."""

from uuid import UUID

from service_kit.store import Session

from ingest_svc.adapters import documents


async def restart_files(session: Session, workspace_id: str, persona_id: UUID) -> None:
    """Queue the documents of a persona that failed because it was unknown."""
    for document in await documents.lock_without_persona(session, workspace_id, persona_id):
        await documents.save_for_work(session, document.processing())
