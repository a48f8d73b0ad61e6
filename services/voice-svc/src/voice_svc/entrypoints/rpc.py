"""Requests over NATS: one short function each."""

from persona_contracts import PersonaImpactV1, PersonaUsesV1, impact_subject
from service_kit.rpc import RpcRouter

from voice_svc.deps import VoiceDeps
from voice_svc.usecases.find_uses import find_uses

rpc = RpcRouter[VoiceDeps]("voice")


@rpc.subscriber(impact_subject("voice"), PersonaImpactV1)
async def persona_impact(question: PersonaImpactV1, deps: VoiceDeps) -> PersonaUsesV1:
    """Return what a deletion would touch."""
    async with deps.store.workspace(question.workspace_id) as session:
        return PersonaUsesV1(uses=await find_uses(session, question.persona_id))
