"""Find stored templates that could not be saved today."""

from dataclasses import dataclass

from service_kit.store import Session

from followup_svc.adapters import sequences
from followup_svc.domain.sequence import SequenceVersion
from followup_svc.domain.template import TemplateError, lint


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Something in a stored template that nothing fills."""

    version: SequenceVersion
    field: str
    error: TemplateError


async def find_refused(session: Session) -> list[Refused]:
    """Return what is wrong in the versions of the workspace that leads may be sent.

    These are the newest of each sequence, and those with leads on their way.
    """
    return [
        Refused(version=version, field=field, error=error)
        for version in await sequences.versions_in_use(session)
        for field, template in version.definition.templates()
        for error in lint(template)
    ]
