"""What routes share."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from persona_contracts import ResolvedPersona
from service_kit.identity import Viewer
from service_kit.routing import deps_of

from ingest_svc.deps import IngestDeps
from ingest_svc.usecases.search_knowledge import known_persona

Deps = Annotated[IngestDeps, Depends(deps_of(IngestDeps))]


async def persona_of_path(persona_id: UUID, viewer: Viewer, deps: Deps) -> ResolvedPersona:
    """Return the persona of the address.

    Raises:
        PersonaNotFoundError: this workspace has none with that id.
    """
    return known_persona(deps.roster, viewer.workspace_id, persona_id)


Persona = Annotated[ResolvedPersona, Depends(persona_of_path)]
