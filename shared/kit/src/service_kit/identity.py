"""Who calls: the workspace, the person and the role, from the token alone (architecture.md §5).

A route takes `Viewer`, `Editor` or `Admin`, the least role that may use it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from service_kit.errors import ForbiddenError, UnauthenticatedError


class Role(StrEnum):
    """What somebody may do in a workspace; each role includes those before it."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Return whether this role may do all that `other` may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The caller of a request."""

    workspace_id: str
    subject: str
    role: Role


class RoleTooLowError(ForbiddenError):
    """The caller's role does not allow this."""

    slug = "role-too-low"


_bearer = HTTPBearer(
    bearerFormat="JWT",
    scheme_name="token",
    description="A JWT with `workspace_id` and `role` (viewer, editor or admin).",
    auto_error=False,
)


async def authenticated(
    request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Principal:
    """Return the caller, whom `authenticate` has let in."""
    return request.state.principal


async def authenticate(request: Request, least: Role) -> None:
    """Let the caller in, by the headers alone: nothing of the body has been read.

    `app.state.tokens` verifies the token.

    Raises:
        UnauthenticatedError: there is no bearer token, or it is not valid.
        RoleTooLowError: the token's role is lower than `least`.
        KeysUnavailableError: the signing keys cannot be fetched, so nothing is known of the token.
    """
    credentials = await _bearer(request)
    if credentials is None:
        raise UnauthenticatedError("Send a token: `Authorization: Bearer …`.")
    principal: Principal = await request.app.state.tokens.verify(credentials.credentials)
    if not principal.role.includes(least):
        raise RoleTooLowError(f"This needs the role {least}; the token has {principal.role}.")
    request.state.principal = principal


class Requires:
    """The dependency that lets only callers of at least `role` in; their route authenticates."""

    def __init__(self, role: Role) -> None:
        self.role = role

    async def __call__(self, principal: Annotated[Principal, Depends(authenticated)]) -> Principal:
        """Return the caller."""
        return principal


def least_role(dependant: Dependant) -> Role:
    """Return the least role that may use a route with these dependencies."""
    needed = [least_role(inner) for inner in dependant.dependencies]
    if isinstance(dependant.call, Requires):
        needed.append(dependant.call.role)
    return max(needed, key=list(Role).index, default=Role.VIEWER)


Viewer = Annotated[Principal, Depends(Requires(Role.VIEWER))]
Editor = Annotated[Principal, Depends(Requires(Role.EDITOR))]
Admin = Annotated[Principal, Depends(Requires(Role.ADMIN))]
