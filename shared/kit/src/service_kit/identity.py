"""Who calls: the workspace, the person and the role, from token or key alone (architecture.md §5).

A route takes `Viewer`, `Editor` or `Admin`, the least role that may use it. For a caller who is
limited to some personas the others are not there: it may use the routes with a `{persona_id}` in
their address, and those with `OF_OWN_PERSONAS`, which show nothing of other personas.
"""

from dataclasses import dataclass
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from structlog import get_logger

from service_kit.errors import ForbiddenError, UnauthenticatedError
from service_kit.principal import Principal, Role

__all__ = [
    "CHANGES_NOTHING",
    "OF_OWN_PERSONAS",
    "PERSONA_IN_PATH",
    "Admin",
    "Editor",
    "Entry",
    "Principal",
    "Requires",
    "Role",
    "RoleTooLowError",
    "Verifies",
    "Viewer",
    "authenticate",
    "authenticated",
    "changes_nothing",
    "entry_of",
    "least_role",
    "of_own_personas",
]

PERSONA_IN_PATH = "persona_id"


class Verifies(Protocol):
    """Knows who calls: `Credentials`."""

    async def verify(self, credential: str) -> Principal:
        """Return whom `credential` stands for.

        Raises:
            UnauthenticatedError: it is not valid.
        """
        ...


class RoleTooLowError(ForbiddenError):
    """The caller's role does not allow this."""

    slug = "role-too-low"


log = get_logger(__name__)
_bearer = HTTPBearer(
    bearerFormat="JWT",
    scheme_name="token",
    description="A JWT with `workspace_id` and `role` (viewer, editor or admin), or an API key.",
    auto_error=False,
)


async def authenticated(
    request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Principal:
    """Return the caller, whom `authenticate` has let in."""
    return request.state.principal


async def changes_nothing() -> None:
    """Mark a route whose method may change things, but which changes none of this service."""


CHANGES_NOTHING = (Depends(changes_nothing),)
"""For `dependencies=` of such a route: the audit trail has no row of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Who may use a route."""

    least: Role
    takes_limited: bool
    """Whether it shows a caller who is limited to some personas nothing of others."""
    changes_nothing: bool


async def authenticate(request: Request, entry: Entry) -> None:
    """Let the caller in, by address and headers alone: nothing of the body has been read.

    Raises:
        UnauthenticatedError: there is no bearer token, or it is not valid.
        RoleTooLowError: the caller's role is too low.
        LimitedToPersonasError: the caller is limited to some personas, and the route is about all.
        PersonaNotFoundError: the address names a persona that the caller may not know of.
        UpstreamError: nothing can be known of the token or key now.
    """
    credentials = await _bearer(request)
    if credentials is None:
        raise UnauthenticatedError("Send a token or an API key: `Authorization: Bearer …`.")
    verifies: Verifies = request.app.state.credentials
    try:
        principal = await verifies.verify(credentials.credentials)
    except UnauthenticatedError as error:
        log.info("credential.refused", problem=error.slug, reason=str(error))
        raise
    if principal.persona_ids is not None:
        _require_in_reach(principal, request, entry)
    if not principal.role.includes(entry.least):
        raise RoleTooLowError(f"This needs the role {entry.least}; you have {principal.role}.")
    request.state.principal = principal


def _require_in_reach(principal: Principal, request: Request, entry: Entry) -> None:
    if not entry.takes_limited:
        principal.require_whole_workspace()
    try:
        named = UUID(request.path_params[PERSONA_IN_PATH])
    except (KeyError, ValueError):  # the route refuses what is no id
        return
    principal.require_persona(named)


class Requires:
    """The dependency that lets only callers of at least `role` in; their route authenticates."""

    def __init__(self, role: Role) -> None:
        self.role = role

    async def __call__(self, principal: Annotated[Principal, Depends(authenticated)]) -> Principal:
        """Return the caller."""
        return principal


async def of_own_personas() -> None:
    """Mark a route without a persona in its address that shows nothing of other personas."""


OF_OWN_PERSONAS = (Depends(of_own_personas),)
"""For `dependencies=` of such a route: `WorkspaceSession` hides the rows of other personas."""


def entry_of(dependant: Dependant, path: str) -> Entry:
    """Return who may use the route at `path` with these dependencies."""
    marks = {inner.call for inner in dependant.dependencies}
    return Entry(
        least=least_role(dependant),
        takes_limited=of_own_personas in marks or f"{{{PERSONA_IN_PATH}}}" in path,
        changes_nothing=changes_nothing in marks,
    )


def least_role(dependant: Dependant) -> Role:
    """Return the least role that may use a route with these dependencies."""
    needed = [least_role(inner) for inner in dependant.dependencies]
    if isinstance(dependant.call, Requires):
        needed.append(dependant.call.role)
    return max(needed, key=list(Role).index, default=Role.VIEWER)


Viewer = Annotated[Principal, Depends(Requires(Role.VIEWER))]
Editor = Annotated[Principal, Depends(Requires(Role.EDITOR))]
Admin = Annotated[Principal, Depends(Requires(Role.ADMIN))]
