"""Requests over NATS: one short function each."""

from persona_contracts import PersonaImpactV1, PersonaUsesV1, impact_subject
from service_kit.rpc import RpcRouter

from followup_svc.deps import FollowupDeps
from followup_svc.usecases.find_uses import find_uses

rpc = RpcRouter[FollowupDeps]("followup")


@rpc.subscriber(impact_subject("followup"), PersonaImpactV1)
async def persona_impact(question: PersonaImpactV1, deps: FollowupDeps) -> PersonaUsesV1:
    """Return the sequences and instances that a deletion would touch."""
    async with deps.store.workspace(question.workspace_id) as session:
        return PersonaUsesV1(uses=await find_uses(session, question.persona_id))
