"""Delete a persona softly; nothing keeps pointing at it."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from service_kit import erasure
from service_kit.erasure import Erasure, ErasureKind
from service_kit.errors import FieldError

from persona_svc.adapters import campaigns, personas
from persona_svc.domain.inheritance import PersonaHasChildrenError
from persona_svc.domain.persona import DeletedPersona, Persona
from persona_svc.domain.workspace import DefaultInUseError, PromotionError
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.publish_change import publish_change


async def delete_persona(
    change: Change, persona: Persona, promote: UUID | None, retention: timedelta
) -> None:
    """Delete `persona`; its assignments become null; `promote` names the next default.

    It can be undeleted for as long as `retention`; then it is erased.

    The only persona of a workspace may go: what it mirrored stays as plain settings.

    Raises:
        PersonaHasChildrenError: the text names them.
        DefaultInUseError: it is the default, there are others, and `promote` is not given.
        PromotionError: `promote` is no other active persona.
    """
    children = await personas.children(change.session, change.workspace_id, persona.persona_id)
    if children:
        names = ", ".join(child.fields.name for child in children)
        raise PersonaHasChildrenError(
            f"{names} inherit from it: give them another parent first",
            extra={"children": [str(child.persona_id) for child in children]},
        )
    if change.default_persona_id == persona.persona_id:
        change.default_persona_id = await _next_default(change, persona, promote)
    gone = DeletedPersona(
        persona=replace(persona, revision=change.revision),
        deleted_at=change.at,
        deleted_by=change.actor.subject,
        erase_after=change.at + retention,
    )
    await personas.mark_deleted(change.session, gone)
    await _schedule_erasure(change, gone)
    await _clear_assignments(change, persona.persona_id)
    change.deleted.append(gone)
    await publish_change(change, "persona.delete")


async def _schedule_erasure(change: Change, gone: DeletedPersona) -> None:
    await erasure.schedule(
        change.session,
        Erasure(
            kind=ErasureKind.PERSONA,
            workspace_id=change.workspace_id,
            subject_id=str(gone.persona.persona_id),
            before=gone.deleted_at,
        ),
        due_at=gone.erase_after,
    )


async def _clear_assignments(change: Change, persona_id: UUID) -> None:
    assigned = await campaigns.assigned_to(change.session, change.workspace_id, persona_id)
    cleared = [campaign.without(persona_id) for campaign in assigned]
    await campaigns.save_assignments(change.session, cleared)
    for before, after in zip(assigned, cleared, strict=True):
        change.show_campaign(before, after)


async def _next_default(change: Change, persona: Persona, promote: UUID | None) -> UUID | None:
    if promote is None:
        if await personas.count(change.session, change.workspace_id) > 1:
            raise DefaultInUseError(
                "name the next default with ?promote=<persona_id>, or set another one first"
            )
        return None
    found = await personas.find(change.session, change.workspace_id, [promote])
    if promote == persona.persona_id or promote not in found:
        raise _not_promoted("must be the persona_id of another persona of this workspace")
    if not found[promote].fields.is_active:
        raise _not_promoted("this persona is inactive: activate it first")
    return promote


def _not_promoted(message: str) -> PromotionError:
    return PromotionError(f"promote: {message}", errors=[FieldError("promote", message)])
