"""A caller: workspace, person and role. Whoever signs or shows tokens needs no more."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from service_kit.errors import ForbiddenError, NotFoundError


class PersonaNotFoundError(NotFoundError):
    """This workspace has no such persona."""

    slug = "persona-not-found"


class LimitedToPersonasError(ForbiddenError):
    """The API key is limited to some personas."""

    slug = "limited-to-personas"


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
    key_id: UUID | None = None
    """The API key that it is; None: a person, or another system, with a token."""
    persona_ids: frozenset[UUID] | None = None
    """To which personas it is limited; None: it is not."""

    def require_persona(self, persona_id: UUID | None) -> None:
        """Return when the caller may know of this persona; None is no persona.

        Raises:
            PersonaNotFoundError: it is limited to others.
        """
        if self.persona_ids is None or persona_id is None or persona_id in self.persona_ids:
            return
        raise PersonaNotFoundError(f"no persona {persona_id}")

    def require_whole_workspace(self) -> None:
        """Return when the caller is not limited to some personas.

        Raises:
            LimitedToPersonasError: it is.
        """
        if self.persona_ids is not None:
            raise LimitedToPersonasError("This needs a key that is for the whole workspace.")
