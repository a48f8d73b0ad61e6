"""Who calls: the workspace, the person and the role, from the token alone (architecture.md §5).

A route takes `Viewer`, `Editor` or `Admin`, the least role that may use it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request, Security
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
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Principal:
    """Return the caller; `app.state.tokens` verifies the token.

    Raises:
        UnauthenticatedError: there is no bearer token, or it is not valid.
        KeysUnavailableError: the signing keys cannot be fetched, so nothing is known of the token.
    """
    if credentials is None:
        raise UnauthenticatedError("Send a token: `Authorization: Bearer …`.")
    return await request.app.state.tokens.verify(credentials.credentials)


def requires(role: Role) -> Callable[..., Awaitable[Principal]]:
    """Return the dependency that lets only callers of at least `role` in."""

    async def allowed(principal: Annotated[Principal, Depends(authenticated)]) -> Principal:
        if not principal.role.includes(role):
            raise RoleTooLowError(f"This needs the role {role}; the token has {principal.role}.")
        return principal

    return allowed


Viewer = Annotated[Principal, Depends(requires(Role.VIEWER))]
Editor = Annotated[Principal, Depends(requires(Role.EDITOR))]
Admin = Annotated[Principal, Depends(requires(Role.ADMIN))]
