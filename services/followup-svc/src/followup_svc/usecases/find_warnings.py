"""Find what templates lack today."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from persona_contracts import Channel
from service_kit.personas import resolve_persona
from service_kit.store import Session

from followup_svc.adapters import followup_settings
from followup_svc.domain.lead import SAMPLE_LEAD
from followup_svc.domain.sequence import MAX_BODY_CHARS
from followup_svc.domain.template import TemplateError, render
from followup_svc.usecases.make_facts import make_facts
from followup_svc.usecases.ports import Personas


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A token of a template that has no value for the workspace today."""

    field: str
    error: TemplateError


async def find_warnings(
    session: Session,
    personas: Personas,
    workspace_id: str,
    templates: Iterable[tuple[str, str]],
    persona_id: UUID | None,
) -> list[Warned]:
    """Return the tokens of persona and workspace without a value, in templates by their field.

    A campaign may have another persona, or its own booking link: these are warnings.

    Raises:
        PersonasNotReadyError: try again later.
    """
    settings = await followup_settings.get(session, workspace_id)
    resolution = resolve_persona(
        personas,
        workspace_id,
        campaign_id=None,
        sequence_persona_id=persona_id,
        channel=Channel.EMAIL,
    )
    facts = make_facts(SAMPLE_LEAD, None, settings, resolution)
    return [
        Warned(field=field, error=error)
        for field, template in templates
        for error in render(template, facts, max_chars=MAX_BODY_CHARS).template_errors
        if error.is_setup_issue
    ]
