"""What routes ask of the Roster, before they open a transaction (see `service_kit.personas`)."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request
from persona_client import Roster
from persona_contracts import ResolvedPersona

from service_kit.identity import Principal, authenticated
from service_kit.personas import AT_LEAST_HEADER, known_persona, wait_for_revision


def _roster(request: Request) -> Roster | None:
    """Return the Roster of this service; None if it keeps none."""
    return request.app.state.roster


async def at_least(
    request: Request,
    principal: Annotated[Principal, Depends(authenticated)],
    revision: Annotated[
        int | None,
        Header(
            alias=AT_LEAST_HEADER,
            ge=0,
            le=2**63 - 1,
            description="The `Dramatis-Revision` of a write: the answer knows at least that. It is"
            " waited for up to 2 seconds; then 503 `personas-behind`.",
        ),
    ] = None,
) -> int | None:
    """Wait for the revision that the request names, and return it; every route does so first.

    Raises:
        PersonasBehindError: it has not come in time.
    """
    roster = _roster(request)
    if roster is not None and revision is not None:
        await wait_for_revision(roster, principal.workspace_id, revision)
    return revision


AtLeast = Annotated[int | None, Depends(at_least)]
"""The revision that the request names, for routes that hand it on to other processes."""


async def _persona_of_path(
    persona_id: UUID, request: Request, principal: Annotated[Principal, Depends(authenticated)]
) -> ResolvedPersona:
    roster = _roster(request)
    if roster is None:
        raise RuntimeError("this service follows no personas")
    return await known_persona(roster, principal.workspace_id, persona_id)


PersonaOfPath = Annotated[ResolvedPersona, Depends(_persona_of_path)]
"""The persona of an address with `{persona_id}`; it must stand before a route's session."""
