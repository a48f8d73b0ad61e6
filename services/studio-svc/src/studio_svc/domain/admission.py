"""Who may come in, and as what: decided by what the identity provider says of a person."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from service_kit.errors import ForbiddenError, UpstreamError
from service_kit.identity import Role

from studio_svc.domain.browser_session import Person

MAX_CHARS: Final = 255
_WORKSPACE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class SignInRefusedError(ForbiddenError):
    """The identity provider, or what it says of the person, does not let them in."""

    slug = "sign-in-refused"


class ProviderUnavailableError(UpstreamError):
    """The identity provider does not answer; try again later."""

    slug = "identity-provider-unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Which claims give which role, in which workspace."""

    role_claim: str
    """Such as `groups`, or `realm_access.roles` for one inside another."""
    roles: Mapping[str, Role]
    """The role of each value of that claim; a person with several has the highest."""
    workspace_claim: str
    workspace_id: str | None
    """Everybody's, whatever the claim says."""

    def admit(self, claims: Mapping[str, Any]) -> Person:
        """Return the person that verified claims are about.

        Raises:
            SignInRefusedError: no value of the claim gives a role, or there is no workspace.
        """
        values = _values(claims, self.role_claim)
        found = [self.roles[value] for value in values if value in self.roles]
        if not found:
            raise SignInRefusedError("You have no role here: ask who manages your account.")
        workspace_id = self.workspace_id or next(_values(claims, self.workspace_claim), "")
        subject = claims.get("sub")
        if not _WORKSPACE.fullmatch(workspace_id) or not isinstance(subject, str):
            raise SignInRefusedError("You have no workspace here: ask who manages your account.")
        return Person(
            workspace_id=workspace_id,
            subject=subject,
            role=max(found, key=list(Role).index),
            name=_text(claims, "name"),
            email=_text(claims, "email"),
        )


def _values(claims: Mapping[str, Any], path: str) -> Iterator[str]:
    found = claims[path] if path in claims else _inside(claims, path)
    for each in cast("list[Any]", found) if isinstance(found, list) else [found]:
        if isinstance(each, str):
            yield each


def _inside(value: object, path: str) -> object:
    for part in path.split("."):
        value = cast("dict[str, object]", value).get(part) if isinstance(value, dict) else None
    return value


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value[:MAX_CHARS] if isinstance(value, str) else None
