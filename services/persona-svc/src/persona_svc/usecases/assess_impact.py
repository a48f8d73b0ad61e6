"""Tell what deleting a persona would touch, before anything happens."""

from uuid import UUID

from service_kit.store import Store

from persona_svc.adapters import campaigns, personas, workspaces
from persona_svc.domain.impact import MAX_NAMES, Impact, Use
from persona_svc.usecases.ports import PersonaUsers


async def assess_impact(
    store: Store, users: PersonaUsers, workspace_id: str, persona_id: UUID
) -> Impact:
    """Return what uses the persona here and in the other services, all asked at once.

    Raises:
        PersonaNotFoundError: there is no such persona.
    """
    async with store.workspace(workspace_id) as session:
        await personas.get(session, workspace_id, persona_id)
        workspace = await workspaces.get(session, workspace_id)
        assigned = await campaigns.assigned_to(session, workspace_id, persona_id)
        children = await personas.children(session, workspace_id, persona_id)
    # Asked when the connection is given back: an answer may take a second.
    others = await users.uses(workspace_id, persona_id)
    own = (
        _use("campaigns", [campaign.name for campaign in assigned]),
        _use("children", [child.fields.name for child in children]),
    )
    return Impact(
        persona_id=persona_id,
        is_default=workspace.default_persona_id == persona_id,
        uses=own + tuple(use for uses in others.values() for use in uses or ()),
        unknown=tuple(service for service, uses in others.items() if uses is None),
    )


def _use(kind: str, names: list[str]) -> Use:
    return Use(kind=kind, count=len(names), names=tuple(names[:MAX_NAMES]))
