"""Find stored templates that could not be saved today."""

import asyncio
from dataclasses import dataclass

from service_kit.store import Session

from followup_svc.adapters import sequences
from followup_svc.domain.sequence import SequenceVersion
from followup_svc.domain.template import TemplateError, lint

MAX_REFUSED = 200
"""Whoever has more mends these first, and asks again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Something in a stored template that nothing fills."""

    version: SequenceVersion
    field: str
    error: TemplateError


async def find_refused(session: Session) -> list[Refused]:
    """Return up to MAX_REFUSED things that are wrong in the versions that leads may be sent.

    These are the newest of each sequence, and those with leads on their way.
    """
    found: list[Refused] = []
    async for version in sequences.versions_in_use(session):
        found += await asyncio.to_thread(_refused_in, version)
        if len(found) >= MAX_REFUSED:
            break
    return found[:MAX_REFUSED]


def _refused_in(version: SequenceVersion) -> list[Refused]:
    return [
        Refused(version=version, field=field, error=error)
        for field, template in version.definition.templates()
        for error in lint(template)
    ]
