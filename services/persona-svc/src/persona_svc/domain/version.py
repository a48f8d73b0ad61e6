"""A persona as it was from one change to the next."""

from dataclasses import dataclass
from datetime import datetime

from service_kit.errors import NotFoundError

from persona_svc.domain.persona import PersonaFields


class VersionNotFoundError(NotFoundError):
    """The persona has no such version."""

    slug = "persona-version-not-found"


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionSummary:
    """Who changed a persona, how, and when."""

    number: int
    changed_by: str
    changes_summary: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaVersion(VersionSummary):
    """The fields of a persona, who gave them to it, and when."""

    fields: PersonaFields
