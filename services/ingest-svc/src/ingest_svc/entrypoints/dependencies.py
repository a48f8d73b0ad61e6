"""What routes share."""

from typing import Annotated

from fastapi import Depends
from persona_contracts import ResolvedPersona
from service_kit.identity import Viewer
from service_kit.persona_dependencies import PersonaOfPath
from service_kit.routing import WorkspaceSession, deps_of

from ingest_svc.adapters import documents
from ingest_svc.deps import IngestDeps
from ingest_svc.domain.document import Document

Deps = Annotated[IngestDeps, Depends(deps_of(IngestDeps))]


async def _persona(persona: PersonaOfPath, _: Viewer) -> ResolvedPersona:
    return persona


Persona = Annotated[ResolvedPersona, Depends(_persona)]
"""The persona of the address, for whoever may read."""


async def document_of_path(
    file_id: str, persona: Persona, viewer: Viewer, session: WorkspaceSession
) -> Document:
    """Return the file of the address.

    Raises:
        UnknownFileError: the persona has none with that id.
    """
    return await documents.find(session, viewer.workspace_id, persona.persona_id, file_id)


async def lock_document_of_path(
    file_id: str, persona: Persona, viewer: Viewer, session: WorkspaceSession
) -> Document:
    """Return the file of the address, locked.

    Raises:
        UnknownFileError: the persona has none with that id.
    """
    return await documents.lock(session, viewer.workspace_id, persona.persona_id, file_id)


FoundDocument = Annotated[Document, Depends(document_of_path)]
LockedDocument = Annotated[Document, Depends(lock_document_of_path)]
