"""Give many personas the prompts of a template."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from service_kit.errors import ServiceError
from service_kit.store import Session

from persona_svc.adapters import personas
from persona_svc.domain.persona import PersonaFields
from persona_svc.domain.prompt_template import PromptTemplate
from persona_svc.usecases.apply_template import apply_template
from persona_svc.usecases.begin_change import Actor, begin_change


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What became of one persona: its fields before, or why it stays as it is."""

    persona_id: UUID
    before: PersonaFields | None = None
    error: str | None = None


async def apply_to_many(
    session: Session,
    owner: tuple[str, Actor],
    persona_ids: Sequence[UUID],
    template: PromptTemplate,
    *,
    dry_run: bool,
) -> list[Application]:
    """Return what became of each persona: all of it changed, or nothing; a dry run changes none.

    `owner` are the workspace and who gave the command.
    """
    return [
        await _apply(session, owner, persona_id, template, dry_run=dry_run)
        for persona_id in dict.fromkeys(persona_ids)
    ]


async def _apply(
    session: Session,
    owner: tuple[str, Actor],
    persona_id: UUID,
    template: PromptTemplate,
    *,
    dry_run: bool,
) -> Application:
    try:
        async with session.begin_nested() as step:
            change = await begin_change(session, *owner)
            persona = await personas.get(session, change.workspace_id, persona_id)
            await apply_template(change, persona, template)
            if dry_run:
                await step.rollback()
    except ServiceError as refused:
        return Application(persona_id=persona_id, error=str(refused))
    return Application(persona_id=persona_id, before=persona.fields)
