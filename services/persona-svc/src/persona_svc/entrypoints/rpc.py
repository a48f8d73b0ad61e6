"""Requests over NATS: one short function each."""

from service_kit.api_keys import KEY_USES_SUBJECT, KeyUses, KeyUsesAnswer
from service_kit.rpc import RpcRouter

from persona_svc.adapters import api_keys
from persona_svc.deps import PersonaDeps

rpc = RpcRouter[PersonaDeps]("persona")


@rpc.subscriber(KEY_USES_SUBJECT, KeyUses)
async def key_uses(told: KeyUses, deps: PersonaDeps) -> KeyUsesAnswer:
    """Store when API keys were last used."""
    if told.uses:
        async with deps.store.worker() as session:
            uses = [(use.workspace_id, use.key_id, use.at) for use in told.uses]
            await api_keys.note_uses(session, uses)
    return KeyUsesAnswer()
